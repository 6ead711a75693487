"""A docstring says what the signature can't: in fewer than five words hardly any does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent.parent / "bench"
PARTS = (
    "aws",
    "commands",
    "endpoints",
    "faults",
    "local",
    "model",
    "payloads",
    "profile",
    "schema",
    "selftest",
    "wire",
    "cli.py",
    "errors.py",
    "forecast.py",
    "format.py",
    "lambda_facts.py",
    "plan.py",
    "units.py",
)
"""Packages and modules below bench that are held to it."""
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


def modules(part: str) -> list[Path]:
    whole = BENCH / part
    found = [whole] if whole.is_file() else sorted(whole.rglob("*.py"))
    return [path for path in found if USERS_CODE not in path.parents]


@pytest.mark.parametrize("part", PARTS)
def test_no_docstring_has_four_words(part: str) -> None:
    found = modules(part)
    assert found
    assert [short for path in found for short in short_docstrings(path)] == []
