"""Which run a verb means: a folder, a run's name or the end of one, or the latest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bench.errors import UsageError
from bench.folders import expanded
from bench.whole_file import remove_leftovers

if TYPE_CHECKING:
    from bench.record.recorded_run import RecordedRun, RunEntry

LATEST = "latest"
"""In place of a run's name, where one has to be given."""

F = TypeVar("F", bound=Callable[..., Any])


def runs_option(command: F) -> F:
    """The option --runs: where runs lie."""
    option = click.option(
        "--runs",
        "root",
        type=click.Path(path_type=Path),
        default=Path("runs"),
        show_default=True,
        help="Folder with the runs.",
    )
    return option(command)


@contextmanager
def passed_over(root: Path) -> Iterator[Callable[[str], None]]:
    """Hears of entries of root that cannot be read, and tells of them once, at the end."""
    faults: list[str] = []
    try:
        yield faults.append
    finally:
        if faults:
            count = f"{len(faults)} entries" if len(faults) > 1 else "1 entry"
            click.echo(f"{root}: {count} cannot be read, so passed over: {faults[0]}", err=True)


def readable_runs(root: Path) -> tuple[RunEntry, ...]:
    """The runs of a folder, newest first; of those that cannot be read it is told once."""
    from bench.record.recorded_run import list_runs

    with passed_over(root) as hear:
        entries = list_runs(root, hear)
    for entry in entries:
        remove_leftovers(entry.folder)
    return entries


def find_run(name: str | None, root: Path) -> Path:
    """The folder of a run: given, or found in root by a part of its name; None is the latest.

    Raises UsageError if there is none, or more than one that the part could mean.
    """
    from bench.record.recorded_run import MANIFEST, latest_run

    if name is None:
        with passed_over(root) as hear:
            return latest_run(root, hear)
    folder = expanded(name)
    if folder.is_file() and folder.parent.joinpath(MANIFEST).is_file():
        return folder.parent
    if folder.is_dir():
        return folder
    if (root / name / MANIFEST).is_file():
        return root / name
    entries = readable_runs(root)
    found = [entry.folder for entry in entries if name in entry.folder.name]
    exact = [folder for folder in found if folder.name == name]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        names = ", ".join(folder.name for folder in found[:5])
        raise UsageError(f"{name} could be any of {len(found)} runs: {names}")
    if not entries:
        raise UsageError(
            f"there is no run {name}, nor any in {root}; `lamload quickstart` makes one"
        )
    latest = entries[0].folder.name
    raise UsageError(f"there is no run {name}; the latest is {latest}, `lamload history` has all")


def find_events(name: str, root: Path) -> Path:
    """The events.jsonl of a run: the file itself, or a run as `find_run` has it, or `latest`.

    Raises UsageError if there is none.
    """
    from bench.record.recorded_run import EVENTS

    path = expanded(name)
    if path.is_file() and path.suffix == Path(EVENTS).suffix:
        return path
    file = find_run(None if name == LATEST else name, root) / EVENTS
    if not file.is_file():
        raise UsageError(f"{file.parent} has no {EVENTS}: it is not a run's folder")
    return file


def read_run(name: str | None, root: Path) -> RecordedRun:
    """The run itself. Raises UsageError as `find_run`, and for a folder that is no run's."""
    from bench.record.load_run import load_run

    return load_run(find_run(name, root))
