"""How the command line's functions are understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.function_folder import BUNDLED, bundled_functions
from bench.local.options import check_memory, check_timeout
from bench.local.sources import function_source


def folder(place: Path, **files: str) -> Path:
    for name, content in files.items():
        (place / name.replace("_dot_", ".")).write_text(content)
    return place


def test_the_bundled_functions_go_by_their_names() -> None:
    assert bundled_functions() == [
        "doors",
        "echo",
        "flaky",
        "hello",
        "misspelt",
        "primes",
        "sleeper",
    ]
    source = function_source("primes")
    assert (source.name, source.handler) == ("primes", "handler.handler")
    assert function_source("hello").handler == "lambda_function.lambda_handler"
    assert function_source("mine=primes").folder == source.folder


def test_the_same_file_lies_beside_each_function_with_an_event() -> None:
    copies = {path.read_text() for path in BUNDLED.glob("*/front_door.py")}
    assert len(copies) == 1


@pytest.mark.parametrize(
    ("files", "handler", "runtime"),
    [
        ({"handler_dot_py": "def handler(e, c): pass"}, "handler.handler", "python"),
        ({"app_dot_py": "def lambda_handler(e, c): pass"}, "app.lambda_handler", "python"),
        ({"app_dot_py": "from x import y as handler"}, "app.handler", "python"),
        ({"main_dot_py": "handler = make()"}, "main.handler", "python"),
        (
            {"lambda_function_dot_py": "def lambda_handler(:"},
            "lambda_function.lambda_handler",
            "py",
        ),
        ({"index_dot_mjs": "export const handler = 1"}, "index.handler", "nodejs"),
    ],
)
def test_a_folder_tells_its_handler(
    tmp_path: Path, files: dict[str, str], handler: str, runtime: str
) -> None:
    source = function_source(f"f={folder(tmp_path, **files)}")
    assert source.handler == handler
    assert source.runtime.startswith(runtime)


def test_an_executable_bootstrap_comes_first(tmp_path: Path) -> None:
    place = folder(tmp_path, bootstrap="#!/bin/sh", handler_dot_py="def handler(e, c): pass")
    (place / "bootstrap").chmod(0o755)
    assert function_source(f"f={place}").runtime == "provided.al2023"


def test_a_handler_that_is_named_is_taken(tmp_path: Path) -> None:
    place = folder(tmp_path, x_dot_py="def go(e, c): pass")
    source = function_source(str(place), "x.go")
    assert (source.name, source.handler) == (tmp_path.name, "x.go")
    assert source.runtime.startswith("python")


def test_mistakes_say_how_to_mend_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="bundled are doors, echo"):
        function_source("no-such-function")
    with pytest.raises(UsageError, match=r"--handler MODULE\.FUNCTION"):
        function_source(f"f={tmp_path}")
    with pytest.raises(UsageError, match=r"from 128 to 10240 MB \(it is 64\)"):
        check_memory((128, 64))
    with pytest.raises(UsageError, match="at most 900 s"):
        check_timeout(901)
