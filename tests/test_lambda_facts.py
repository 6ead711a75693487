"""What Lambda is known for stands in one module, and nobody writes it down again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import bench
from bench import lambda_facts

PACKAGE = Path(bench.__file__).parent
NAMES = {
    value.lower(): name
    for name, value in vars(lambda_facts).items()
    if name.endswith(("_HEADER", "_PREFIX", "_SUFFIX", "_TARGET", "_CONTENT_TYPE"))
}
DISTINCT = {1769: "FULL_CORE_MB", 6_291_556: "RESPONSE_LIMIT_BYTES", 3_583: "CLIENT_CONTEXT…"}
"""Figures that can mean nothing else."""
STANDALONE = ("local/functions/", "local/sandbox/portable/")
"""Users' code, and what runs in a sandbox without the package."""


def constants() -> Iterator[tuple[str, object]]:
    """(file, constant) of all code but the module's own."""
    for path in PACKAGE.rglob("*.py"):
        file = path.relative_to(PACKAGE).as_posix()
        if file == "lambda_facts.py" or file.startswith(STANDALONE):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant):
                yield file, node.value


def text_of(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def test_headers_and_paths_are_written_once() -> None:
    again = {
        (file, NAMES[text_of(value).lower()])
        for file, value in constants()
        if isinstance(value, str | bytes) and text_of(value).lower() in NAMES
    }
    assert again == set()


def test_lambdas_own_figures_are_written_once() -> None:
    found = {(file, DISTINCT[v]) for file, v in constants() if isinstance(v, int) and v in DISTINCT}
    assert found == set()


def test_sizes_are_powers_of_two_as_aws_counts_them() -> None:
    assert lambda_facts.PAYLOAD_LIMIT_BYTES == 6_291_456
    assert lambda_facts.RESPONSE_LIMIT_BYTES - lambda_facts.PAYLOAD_LIMIT_BYTES == 100
