"""Whatever stands in a profile, it is read or its mistakes are told; nothing else happens."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.errors import ProfileError
from bench.profile import load_profile, shipped_profiles
from bench.profile.schema import PROFILE

DOCUMENTS = [tomllib.loads(path.read_text("utf-8")) for path in shipped_profiles()]
SECTIONS = {
    section.path: section.names
    for section in PROFILE.sections()
    if section.path and not section.many
}
odd_values = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "x", "1/s", "5s", "-1s", "p99", "5%", "1 USD", "..", "{{", "\0", "🦀"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a document."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with something else at one place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def as_toml(document: dict[str, Any]) -> str:
    return tomli_w.dumps(document)


def read_or_told(path: Path, *overrides: str) -> None:
    try:
        load_profile(path, overrides)
    except ProfileError as error:
        assert error.problems
        assert all(problem.message for problem in error.problems)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_anywhere(tmp_path: Path, data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(DOCUMENTS))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(sorted(places(document), key=str)))
        document = changed(document, place, data.draw(odd_values))
    (tmp_path / "p.toml").write_text(as_toml(document), "utf-8")
    read_or_told(tmp_path / "p.toml")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(section=st.sampled_from(sorted(SECTIONS)), data=st.data())
def test_any_value_of_any_key(tmp_path: Path, section: str, data: st.DataObject) -> None:
    table = data.draw(st.dictionaries(st.sampled_from(SECTIONS[section]), odd_values))
    document = {**data.draw(st.sampled_from(DOCUMENTS)), section: table}
    (tmp_path / "p.toml").write_text(as_toml(document), "utf-8")
    read_or_told(tmp_path / "p.toml")


@given(override=st.text(st.sampled_from('ab.=[]"0 \\{}phaseloadrt'), max_size=20))
@pytest.mark.parametrize("start", ["", "load.", "phase.", "variants[0].", "target.event."])
def test_any_override(start: str, override: str) -> None:
    read_or_told(shipped_profiles()[0], start + override)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.toml").write_bytes(content)
    read_or_told(tmp_path / "p.toml")
