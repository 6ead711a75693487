"""A docstring says what the signature can't: in fewer than five words hardly any does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

BENCH = Path(__file__).parent.parent.parent / "bench"
USERS_CODE = BENCH / "local" / "functions"
FEWEST_WORDS = 5
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def short_docstrings(path: Path) -> Iterator[str]:
    """`name: docstring` of each in a module that has fewer words."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, Documented):
            said = ast.get_docstring(node)
            if said is not None and len(said.split()) < FEWEST_WORDS:
                yield f"{getattr(node, 'name', path.name)}: {said}"


def modules() -> list[Path]:
    return [path for path in sorted(BENCH.rglob("*.py")) if USERS_CODE not in path.parents]


def test_no_docstring_has_four_words() -> None:
    found = {str(path.relative_to(BENCH)): list(short_docstrings(path)) for path in modules()}
    assert len(found) > 100
    assert {name: shorts for name, shorts in found.items() if shorts} == {}
