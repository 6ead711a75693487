from __future__ import annotations

from pathlib import Path
from struct import iter_unpack

import pytest

from bench.inputs.timestamps import LocatedCell, instants_ns
from bench.shapes.recorded import Recorded
from bench.shapes.recorded_csv import read_offsets
from tests.profile.write import MINIMAL, load, mistakes


def offsets_ms(offsets: bytes) -> list[float]:
    return [offset / 1e6 for (offset,) in iter_unpack("<q", offsets)]


@pytest.mark.parametrize(
    ("cell", "instant_ns"),
    [
        ("1700000000", 1_700_000_000_000_000_000),
        ("1700000000.25", 1_700_000_000_250_000_000),
        ("1700000000123", 1_700_000_000_123_000_000),
        ("1700000000123456", 1_700_000_000_123_456_000),
        ("1700000000123456789", 1_700_000_000_123_456_789),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        ("2023-11-14T22:13:20.5+00:00", 1_700_000_000_500_000_000),
        ("2023-11-15T00:13:20+02:00", 1_700_000_000_000_000_000),
        ("2023-11-14 22:13:20", 1_700_000_000_000_000_000),
        ("0.125", 125_000_000),
        ("2023-11-14 22:13:20 UTC", 1_700_000_000_000_000_000),
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123_456_789),
        ("2023-11-15T00:13:20.0000001+02:00", 1_700_000_000_000_000_100),
        ("2023-11-14T22:13:20z", 1_700_000_000_000_000_000),
        ("2023-11-14 22:13:20 +0000", 1_700_000_000_000_000_000),
    ],
)
def test_iso_and_epoch_timestamps(cell: str, instant_ns: int) -> None:
    assert list(instants_ns([LocatedCell(cell, 1)])) == [instant_ns]


@pytest.mark.parametrize(
    ("content", "expected_ms"),
    [
        ("1.0\n1.5\n1.25\n", [0, 250, 500]),
        ("id,timestamp\na,2.0\nb,1.0\n", [0, 1000]),
        ("when\n10\n11\n\n12\n", [0, 1000, 2000]),
        ("\n\nts,n\n10,1\n  \n ,\n11,2\n", [0, 1000]),
        ("id,start_time\n1,10\n2,20\n", [0, 10_000]),
        ("\ufeffTime,n\r\n2023-11-14T22:13:20Z,1\r\n2023-11-14T22:13:21Z,2\r\n", [0, 1000]),
    ],
)
def test_arrivals_are_offsets_from_the_first(
    tmp_path: Path, content: str, expected_ms: list[float]
) -> None:
    path = tmp_path / "arrivals.csv"
    path.write_text(content, "utf-8")
    assert offsets_ms(read_offsets(str(path), None, 1.0)) == expected_ms


def test_a_phase_replays_a_column_faster(tmp_path: Path) -> None:
    (tmp_path / "arrivals.csv").write_text("id,at\n1,100\n2,104\n")
    text = MINIMAL.replace(
        'rate = "10/s"\nduration = "5s"', 'replay = "arrivals.csv"\ncolumn = "at"\nspeed = 2'
    )
    shape = load(tmp_path, text).phases[0].shape
    assert isinstance(shape, Recorded)
    assert offsets_ms(shape.offsets) == [0, 2000]
    assert shape.duration_ns == 3_000_000_000


@pytest.mark.parametrize(
    ("content", "extra", "words"),
    [
        (
            "at\n1\nx\n",
            "",
            'phase[0].replay has no ISO or epoch timestamp in line 3 (there is "x")',
        ),
        ("at\n", "", "phase[0].replay must hold at least one timestamp"),
        ("", "", "phase[0].replay must hold at least one timestamp"),
        ("at\n1\n", 'column = "t"', 'phase[0].replay has no column "t"; it has "at"'),
        ("at\n1\n", "speed = 0", "phase[0].speed must be a number above 0"),
        ("at\n1\n", "speed = inf", "phase[0].speed must be a number above 0"),
        ("at\n1\n", "speed = nan", "phase[0].speed must be a number above 0"),
        ("at\n1\n", "column = 3", "phase[0].column must be a text in quotes"),
        ("at\n1\n9e6\n", 'unit = "s"', "phase[0].replay has lost its last digits in line 3"),
        (
            "at\n1700000000,5\n",
            "",
            "phase[0].replay has 2 cells for 1 columns in line 2",
        ),
        ("at\n1\n9000000\n", "", "phase[0].replay spans more than 30 days"),
    ],
)
def test_a_recording_that_cannot_be_replayed(
    tmp_path: Path, content: str, extra: str, words: str
) -> None:
    (tmp_path / "arrivals.csv").write_text(content)
    text = MINIMAL.replace('rate = "10/s"\nduration = "5s"', f'replay = "arrivals.csv"\n{extra}')
    found = mistakes(tmp_path, text)
    assert words in found[0]
    assert len(found) == 1
