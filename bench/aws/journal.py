"""What a run changes in AWS, on disk before and after each call, so that a crash can be undone.

A journal lies in the user's state folder, wherever the run's own folder is, so that what is left
to undo is found from anywhere; a copy lies beside the run's other files once there is a folder.
One that has nothing to undo leaves no file.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import TargetError, UsageError, cause_of
from bench.folders import state_folder
from bench.whole_file import replace_file

FILE_NAME = "aws-changes.json"
_COPY = re.compile(r"aws-changes(-\d+)?\.json")
"""Of the first function that a run changes, and of each further one with its number."""
_STAT = "/proc/{}/stat"
_START_FIELD = 19
"""Of what follows the name in /proc/PID/stat: when the process began. Source: proc(5)."""


@dataclass(slots=True)
class Publishing:
    """A PublishVersion whose answer is not there yet: what it makes is none of the known ones."""

    description: str
    known: list[str]


@dataclass(slots=True)
class Changes:
    """All changes to one function. Sizes in MB.

    original_memory_mb is None as long as the configuration is, or is again, as it was found.
    aliases: name -> version that it pointed to before, '' for one that was made; routing: name ->
    the RoutingConfig that it had, where it had one; led_to: name -> version that it was given.
    """

    function: str
    region: str
    url: str
    original_memory_mb: int | None = None
    set_memory_mb: list[int] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    function_urls: list[str] = field(default_factory=list)
    pid: int = field(default_factory=os.getpid)
    """Process that wrote it."""
    routing: dict[str, dict[str, Any]] = field(default_factory=dict)
    led_to: dict[str, str] = field(default_factory=dict)
    publishing: Publishing | None = None
    process_start: str = field(default_factory=lambda: process_start(os.getpid()))
    """When that process began, in the system's own count; '' where the system does not say."""
    began_ns: int = field(default_factory=time.time_ns)
    """Since the epoch: of two journals the younger one is undone first."""
    run_folder: str = ""
    """Where the copy lies, absolute; '' without one."""

    reached_by: dict[str, Any] = field(default_factory=dict)
    """Of the connections: what certificates were trusted, by their fields."""
    copy_name: str = FILE_NAME
    """What the copy is called."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to undo."""
        made = self.versions or self.aliases or self.function_urls or self.publishing
        return self.original_memory_mb is None and not made


class Journal:
    """The file of one run's Changes. Every `write` is whole: a crash leaves the one before.

    path: where it lies; copy: the other place that it lies at, None for none.
    """

    def __init__(self, path: Path, changes: Changes, copy: Path | None = None) -> None:
        self.path, self.changes, self.copy = path, changes, copy

    @classmethod
    def read(cls, path: Path, environ: Mapping[str, str] = os.environ) -> Journal:
        """The journal at a path, or of which the copy lies there. Raises UsageError for none."""
        try:
            changes = _changes(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            raise UsageError(f"{path.parent} has nothing to undo in AWS") from None
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(f"{path} cannot be read: {error}") from None
        copy = Path(changes.run_folder, changes.copy_name) if changes.run_folder else None
        if _COPY.fullmatch(path.name):
            return cls(_own_path(changes, environ), changes, path)
        return cls(path, changes, copy)

    @property
    def in_use(self) -> bool:
        """Whether another process that wrote it still runs."""
        pid = self.changes.pid
        if pid == os.getpid():
            return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # another user's process has taken the number
            return False
        return process_start(pid) in ("", self.changes.process_start or process_start(pid))

    def write(self) -> None:
        """Put the changes on disk, before they are made; without any, take the files away.

        Raises TargetError if the disk refuses: nothing may be changed that nobody can undo.
        """
        try:
            self._write(self.path)
        except OSError as error:
            raise TargetError(
                f"{self.path}: what is changed in AWS cannot be noted there ({cause_of(error)}): "
                "make room, or set XDG_STATE_HOME to a folder that can be written to"
            ) from error
        if self.copy is not None and self.copy.parent.is_dir():
            with suppress(OSError):  # the one in the state folder counts
                self._write(self.copy)

    def _write(self, place: Path) -> None:
        if self.changes.empty:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        replace_file(place, [json.dumps(asdict(self.changes), indent=2)])

    def forget(self) -> None:
        """There is nothing left that could be undone."""
        changes = self.changes
        self.changes = Changes(changes.function, changes.region, changes.url)
        self.write()

    def keep_copy_in(self, folder: Path, number: int = 1) -> None:
        """Keep a copy in a run's folder from now on, which may lie on another disk.

        number: which of the run's functions this is about, from 1.
        """
        if number > 1:
            self.changes.copy_name = FILE_NAME.replace(".", f"-{number}.")
        self.changes.run_folder = str(folder.resolve())
        self.copy = folder / self.changes.copy_name
        if not self.changes.empty:
            self.write()


def process_start(pid: int) -> str:
    """When a process began, so that another one with its number is not taken for it; '' unknown."""
    try:
        told = Path(_STAT.format(pid)).read_text("latin-1")
        return told.rpartition(")")[2].split()[_START_FIELD]
    except (OSError, IndexError):
        return ""


def new_journal(changes: Changes, environ: Mapping[str, str]) -> Journal:
    """A journal in the state folder; there is no file before the first change."""
    return Journal(_own_path(changes, environ), changes)


def pending(*folders: Path) -> list[Path]:
    """Where journals lie in folders and their subfolders: each once, one in the state folder first.

    A copy of which the journal is there too is left out.
    """
    own = [path for folder in folders for path in folder.glob("aws-*.json")]
    found = [path for path in own if not _COPY.fullmatch(path.name)]
    known = {path.name for path in found}
    for folder in folders:
        copies = [copy for place in (folder, *folder.glob("*")) for copy in copies_in(place)]
        found += [copy for copy in copies if _name_in(copy) not in known]
    return list(dict.fromkeys(found))


def copies_in(run_folder: Path) -> list[Path]:
    """The copies beside a run's other files, one for each function that it changed."""
    return sorted(path for path in run_folder.glob("aws-*.json") if _COPY.fullmatch(path.name))


def _name_in(copy: Path) -> str:
    """The file name of the journal that this is a copy of, '' if it cannot be read."""
    try:
        return _file_name(_changes(json.loads(copy.read_text("utf-8"))))
    except (OSError, ValueError, TypeError):
        return ""


def _own_path(changes: Changes, environ: Mapping[str, str]) -> Path:
    return state_folder(environ) / _file_name(changes)


def _file_name(changes: Changes) -> str:
    name = changes.function.rpartition(":")[2]
    return f"aws-{name}-{changes.pid}-{changes.began_ns}.json"


def _changes(told: dict[str, Any]) -> Changes:
    """As it was written. Raises TypeError for keys that are none of a journal's."""
    waiting = told.pop("publishing", None)
    told = {"process_start": "", "began_ns": 0, **told}
    changes = Changes(**told)
    changes.publishing = Publishing(**waiting) if waiting else None
    return changes
