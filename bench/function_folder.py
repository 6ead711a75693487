"""A folder with a handler: what runs it, what its handler is, what name a function of it can have.

Each runtime splits a handler's text by its own rule. Sources: awslambdaric (bootstrap.py), in which
all before the last dot is the module, with dots or slashes; aws-lambda-ric (UserFunction.js), in
which the file's name ends at the first dot of the last part of the path, and the rest leads through
its exports.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import unicodedata
from pathlib import Path
from typing import NamedTuple

PYTHON_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
NODE_RUNTIME = "nodejs20.x"
CUSTOM_RUNTIME = "provided.al2023"
RUNTIME = re.compile(r"python3\.\d{1,2}|nodejs\d{2}\.x|provided(\.al2|\.al2023)?")
"""The runtimes that can be run here."""
RUNTIMES = "python3.x, nodejsNN.x, provided.al2, provided.al2023"
BUNDLED = Path(__file__).parent / "local" / "functions"
"""The functions that come with the package, a folder each."""
MODULES = ("handler", "lambda_function", "app", "index", "main", "function")
NAMES = ("handler", "lambda_handler", "main")
NODE_MODULES = ("index", "app", "handler", "main")
NODE_SUFFIXES = (".js", ".mjs", ".cjs")
NAME_LIMIT = 64
"""Letters of a function's name at most: the Lambda API's model."""


class Entry(NamedTuple):
    """How a folder's code is started."""

    handler: str
    runtime: str


def bundled_functions() -> list[str]:
    """Names of the functions that come with the package."""
    return sorted(path.name for path in BUNDLED.iterdir() if any(path.glob("*.py")))


def entry(folder: Path, handler: str | None = None, runtime: str | None = None) -> Entry:
    """The handler and the runtime of a folder; what is given is taken, the rest is looked up.

    Raises ValueError, which says what the folder lacks, where there is nothing that could run, and
    OSError where it cannot be read.
    """
    if handler is None:
        return _guessed(folder, runtime)
    if runtime is not None:
        return Entry(handler, runtime)
    if _bootstrap(folder):
        return Entry(handler, CUSTOM_RUNTIME)
    if _is_python(folder, handler):
        return Entry(handler, PYTHON_RUNTIME)
    if _is_node(folder, handler):
        return Entry(handler, NODE_RUNTIME)
    raise ValueError(
        f"has no {_python_file(handler)}, no {_node_file(handler)}.js and no executable "
        f"`bootstrap` for the handler {handler}"
    )


def has_code(folder: Path, found: Entry) -> bool:
    """Whether the folder itself holds what the runtime starts; a layer may hold it too."""
    if found.runtime.startswith("python"):
        return _is_python(folder, found.handler)
    if found.runtime.startswith("nodejs"):
        return _is_node(folder, found.handler)
    return _bootstrap(folder) is not None


def handler_in(file: Path) -> str | None:
    """The handler that a file of Python would have, whatever it is called; None without one."""
    if file.suffix != ".py" or not file.is_file():
        return None
    defined = _defined(file)
    usual = [name for name in NAMES if name in defined]
    return next((f"{file.stem}.{name}" for name in (*usual, *sorted(defined))), None)


def no_handler(folder: Path, handler: str | None, runtime: str) -> str | None:
    """Why a runtime finds nothing in the folder that it could start; None where it does."""
    try:
        found = entry(folder, handler, runtime)
    except (OSError, ValueError) as error:
        return str(error)
    has = has_code(folder, found)
    return None if has else f"has no handler {found.handler} for {runtime}"


def function_name(folder: Path) -> str:
    """A name that a function can have, made from the folder's."""
    return lambda_name(folder.name)[:NAME_LIMIT] or "function"


def lambda_name(words: str) -> str:
    """The words as a function's name can have them, however long: accents and signs go."""
    plain = unicodedata.normalize("NFKD", words.replace("ß", "ss"))
    ascii_only = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-zA-Z0-9_-]+", "-", ascii_only).strip("-")


def _guessed(folder: Path, runtime: str | None) -> Entry:
    guesses = {"provided": _bootstrap, "python": _python_handler, "nodejs": _node_handler}
    usual = {"provided": CUSTOM_RUNTIME, "python": PYTHON_RUNTIME, "nodejs": NODE_RUNTIME}
    for kind, guess in guesses.items():
        if (runtime or kind).startswith(kind) and (found := guess(folder)):
            return Entry(found, runtime or usual[kind])
    raise ValueError(
        "has no handler that can be guessed (such as handler.py with a function `handler`, "
        "lambda_function.py with `lambda_handler`, index.mjs, or an executable `bootstrap`)"
    )


def _bootstrap(folder: Path) -> str | None:
    path = folder / "bootstrap"
    return path.name if path.is_file() and os.access(path, os.X_OK) else None


def _is_python(folder: Path, handler: str) -> bool:
    module = folder / _python_file(handler)
    return module.is_file() or (module.with_suffix("") / "__init__.py").is_file()


def _python_file(handler: str) -> str:
    return handler.rpartition(".")[0].replace(".", "/") + ".py"


def _is_node(folder: Path, handler: str) -> bool:
    name = _node_file(handler)
    in_folder = any((folder / f"{name}{suffix}").is_file() for suffix in ("", *NODE_SUFFIXES))
    return in_folder or (folder / "node_modules" / name).exists()


def _node_file(handler: str) -> str:
    """The file without its suffix."""
    place, slash, last = handler.rpartition("/")
    return place + slash + last.partition(".")[0]


def _python_handler(folder: Path) -> str | None:
    for module in MODULES:
        defined = _defined(folder / f"{module}.py")
        for name in NAMES:
            if name in defined:
                return f"{module}.{name}"
    for module in MODULES[:3]:  # one that cannot even be parsed: it fails when it is started
        if (folder / f"{module}.py").is_file() and not _defined(folder / f"{module}.py"):
            return f"{module}.{'lambda_handler' if module == 'lambda_function' else 'handler'}"
    return None


def _defined(path: Path) -> set[str]:
    """Names that a module defines at its top level; none if it cannot be read."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _node_handler(folder: Path) -> str | None:
    for module in NODE_MODULES:
        if any((folder / f"{module}{suffix}").is_file() for suffix in NODE_SUFFIXES):
            return f"{module}.handler"
    return None
