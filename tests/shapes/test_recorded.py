"""Arrivals at recorded instants."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from bench.inputs.timestamps import MIN_SPAN_NS
from bench.model.times import NS_PER_S
from bench.shapes.recorded import Recorded
from bench.shapes.recorded_csv import read_offsets
from tests.shapes.strategies import durations_ns

_FOLDER = TemporaryDirectory(prefix="lamload-recorded-")
RECORDED = Recorded(10 * NS_PER_S, pack("<5q", *(s * NS_PER_S for s in (0, 1, 1, 6, 20))))


def in_a_file(instants_ns: list[int], duration_ns: int, speed: float) -> Recorded:
    """As a profile has it: read from a CSV file with such timestamps."""
    text = "at\n" + "".join(f"{10**18 + instant_ns}\n" for instant_ns in instants_ns)
    path = Path(_FOLDER.name) / f"{sha256(text.encode()).hexdigest()}.csv"
    path.write_text(text, "utf-8")
    path = path.resolve()
    offsets = read_offsets(str(path), "at", speed)
    return Recorded(duration_ns, offsets, 0, str(path), "at", speed)


def _as_one_would_record(instants_ns: list[int]) -> list[int]:
    """Not all within less than a file of recorded arrivals may span."""
    if len(instants_ns) == 1 or max(instants_ns) - min(instants_ns) >= MIN_SPAN_NS:
        return instants_ns
    return [*instants_ns, min(instants_ns) + MIN_SPAN_NS]


SHAPES = st.builds(
    in_a_file,
    st.lists(st.integers(0, 25 * NS_PER_S), min_size=1, max_size=30).map(_as_one_would_record),
    durations_ns,
    st.sampled_from([0.5, 1.0, 2.0]),
)


def test_those_within_the_duration_come_as_they_are() -> None:
    assert [t // NS_PER_S for t in RECORDED.offsets_ns(())] == [0, 1, 1, 6]
    assert (RECORDED.expected, RECORDED.rate_rps(0), RECORDED.peak_rps) == (4.0, 0.4, 0.4)


def test_those_that_are_to_come_keep_their_instants() -> None:
    rest = RECORDED.part(NS_PER_S, 10 * NS_PER_S)
    assert [t // NS_PER_S for t in rest.offsets_ns(())] == [0, 0, 5]
    assert rest.part(1, 9 * NS_PER_S).expected == 1.0


def test_the_most_within_a_time_begins_with_an_arrival() -> None:
    assert RECORDED.most_within(1) == 2.0
    assert RECORDED.most_within(NS_PER_S) == 2.0
    assert RECORDED.most_within(NS_PER_S + 1) == 3.0
    assert RECORDED.most_within(60 * NS_PER_S) == 4.0


def test_no_factor_changes_what_was_recorded() -> None:
    assert RECORDED.scaled(3.0) == RECORDED
