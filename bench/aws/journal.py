"""What a run has changed in AWS, on disk before it is changed, so that a crash can be undone."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.errors import UsageError

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
            raise UsageError(f"{path.parent} has changed nothing in AWS") from None
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(f"{path} cannot be read: {error}") from None

    def write(self) -> None:
        """Put the changes on disk, before they are made."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".tmp")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(self.changes), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
