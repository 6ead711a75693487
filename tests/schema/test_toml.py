from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import ProfileError
from bench.schema.toml import MAX_DEPTH, decode, is_too_deep, parse_toml, write_toml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = \n", "f.toml:2: is not TOML: column 5: "),
        ("a = [1,", "f.toml:1: is not TOML: column 8: "),
        ("a = 1\n\na = 2\n", "f.toml:3: is not TOML: column "),
        ("a = " + "9" * 5000, "f.toml:1: is not TOML: Exceeds the limit"),
        ("a = " + "[" * 5000, "f.toml:1: is nested too deeply: at most 64"),
        ("a = " + "[" * 65 + "]" * 65, "f.toml:1: is nested too deeply: at most 64"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_toml(text, "f.toml")
    assert str(caught.value).startswith(said)


def test_a_byte_that_is_no_text_is_told_with_its_line() -> None:
    with pytest.raises(ProfileError, match=r"^f:3: must be UTF-8: byte 0xff is not$"):
        decode(b"a = 1\n\n\xff", "f")
    assert decode(b"\xef\xbb\xbfa = 1", "f") == "a = 1"


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"k": inner}])
def test_depth_counts_tables_and_arrays(wrap: Any) -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH - 1):
        value = wrap(value)
    assert not is_too_deep(value)
    assert is_too_deep(wrap(value))


def test_arrays_of_tables_have_headers_however_short_they_are() -> None:
    document = {"name": "x", "load": {"seed": 1}, "phase": [{"a": 1}, {"b": [1]}]}
    assert write_toml(document) == (
        'name = "x"\n\n[load]\nseed = 1\n\n[[phase]]\na = 1\n\n[[phase]]\nb = [\n    1,\n]\n'
    )


names = st.text("ab .\"'é", max_size=4)
values = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text("ab\"'\\\n\té\x7f", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc-_", min_size=1), values, max_size=4))
def test_whatever_is_written_reads_back(document: dict[str, Any]) -> None:
    assert tomllib.loads(write_toml(document)) == document
