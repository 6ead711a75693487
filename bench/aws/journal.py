"""What a run has changed in AWS, on disk before it is changed, so that a crash can be undone.

Until a run has a folder, its journal lies in the user's state folder; from then on beside the
run's other files. One that has nothing to undo leaves no file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.errors import UsageError
from bench.folders import state_folder
from bench.whole_file import replace_file

FILE_NAME = "aws-changes.json"


@dataclass(slots=True)
class Changes:
    """All changes to one function. Sizes in MB.

    original_memory_mb is None as long as the configuration is, or is again, as it was found.
    aliases: name -> version that it pointed to before, '' for one that was made.
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

    @property
    def empty(self) -> bool:
        """Whether there is nothing to undo."""
        made = self.versions or self.aliases or self.function_urls
        return self.original_memory_mb is None and not made


class Journal:
    """The file of one run's Changes. Every `write` is whole: a crash leaves the one before."""

    def __init__(self, path: Path, changes: Changes) -> None:
        self.path, self.changes = path, changes

    @classmethod
    def read(cls, path: Path) -> Journal:
        """The journal of a run. Raises UsageError for a file that is none."""
        try:
            return cls(path, Changes(**json.loads(path.read_text("utf-8"))))
        except FileNotFoundError:
            raise UsageError(f"{path.parent} has nothing to undo in AWS") from None
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(f"{path} cannot be read: {error}") from None

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
        return True

    def write(self) -> None:
        """Put the changes on disk, before they are made; without any, take the file away."""
        if self.changes.empty:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, [json.dumps(asdict(self.changes), indent=2)])

    def move_to(self, folder: Path) -> None:
        """Go on in a run's folder, which may lie on another disk."""
        before, self.path = self.path, folder / FILE_NAME
        if before.exists():
            self.write()
            before.unlink()


def new_journal(changes: Changes, environ: Mapping[str, str]) -> Journal:
    """A journal in the state folder; there is no file before the first change."""
    name = changes.function.rpartition(":")[2]
    return Journal(state_folder(environ) / f"aws-{name}-{os.getpid()}.json", changes)


def pending(*folders: Path) -> list[Journal]:
    """The journals in folders and their subfolders that have something to undo, oldest first."""
    paths = [path for folder in folders for path in folder.glob("aws-*.json")]
    paths += [path for folder in folders for path in folder.glob(f"*/{FILE_NAME}")]
    paths.sort(key=lambda path: path.stat().st_mtime_ns)
    return [journal for journal in map(Journal.read, paths) if not journal.changes.empty]
