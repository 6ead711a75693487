"""Faults from a file: its forms, and its mistakes with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli import run_command
from bench.errors import ProfileError
from bench.faults.file import read_fault_file

LATENCY = {"kind": "latency", "ms": 5}


@pytest.mark.parametrize(
    ("content", "is_json"),
    [
        ('kind = "latency"\nms = 5\n', False),
        ('[[faults]]\nkind = "latency"\nms = 5\n', False),
        ('[[fault]]\nkind = "latency"\nms = 5\n', False),
        ('[{"kind": "latency", "ms": 5}]', True),
        ('{"faults": [{"kind": "latency", "ms": 5}]}', True),
        ('{"kind": "latency", "ms": 5}', True),
    ],
)
def test_its_forms(content: str, is_json: bool) -> None:
    assert read_fault_file(content, "f", is_json=is_json) == (LATENCY,)


@pytest.mark.parametrize(
    ("content", "is_json", "said"),
    [
        ('# one\nkind = "latency"\nms = -5\n', False, "f:3: faults[0].ms must be at least 0"),
        ('[[faults]]\nkind = "reset"\n[[faults]]\nkind = "x"', False, "f:4: faults[1].kind must"),
        ('[[fault]]\nkind = "reset"\n\n[[fault]]\n', False, "f:4: faults[1].kind is missing"),
        ('[\n {"kind": "reset"},\n {"kind": "stall",\n "x": 1}]', True, "f:4: faults[1].x is not"),
        ('{"faults": [\n {"kind": "latency",\n"ms": "5"}]}', True, "f:3: faults[0].ms must be a"),
        ("[1,\n 2]", True, "f:1: faults[0] must be a table (it is 1)"),
        ("faults = 3", False, "f:1: faults must be a list of faults"),
        ("3", True, "f:1: must be a list of faults"),
        ("[\n1,", True, "f:2: is not JSON: column 3: "),
        ("kind = ", False, "f:1: is not TOML: column 8: "),
        ("[" * 9999, True, "f:1: is not JSON"),
    ],
)
def test_its_mistakes_have_lines(content: str, is_json: bool, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        read_fault_file(content, "f", is_json=is_json)
    assert any(line.startswith(said) for line in caught.value.lines()), caught.value.lines()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[[faults]]\nkind = "stall"\n', ":1: faults[0].duration_s is missing"),
        ("\n\xff", ":2: must be UTF-8"),
    ],
)
def test_the_command_tells_them_before_it_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    path = tmp_path / "f.toml"
    path.write_bytes(content.encode("latin-1"))
    assert run_command(["local", "--port", "0", "--faults", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}{said}")
