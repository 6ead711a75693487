"""The border of a run's files: whatever is damaged in one becomes a UsageError with its place."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from bench.errors import UsageError, cause_of

T = TypeVar("T")
U = TypeVar("U")
_BROKEN = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    OSError,
    csv.Error,
)
"""What reading comes to grief with; anything else is a mistake of ours."""
_LONGEST = 200


class ReadPosition:
    """Where reading is; line is 0 as long as there is none to tell."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 0

    def fault(self, error: Exception) -> UsageError:
        """What to say of a failure here."""
        where = f"{self.path} line {self.line}" if self.line else str(self.path)
        if isinstance(error, OSError):
            return UsageError(f"{where} cannot be read: {cause_of(error)}")
        missing = f"it has no {error}" if isinstance(error, KeyError) else ""
        said = missing or " ".join(str(error).split())[:_LONGEST] or type(error).__name__
        return UsageError(f"{where} is damaged: {said}")


@contextmanager
def reading(path: Path) -> Iterator[ReadPosition]:
    """Whatever fails within is told as damage of this file; move the place's line along."""
    place = ReadPosition(path)
    try:
        yield place
    except _BROKEN as error:
        raise place.fault(error) from error


def decoded(
    path: Path, items: Iterable[T], read: Callable[[T], U], *, first_line: int = 0
) -> Iterator[U]:
    """What is read of each item of a file; first_line is the first one's, 0 if it is not known."""
    with reading(path) as place:
        for number, item in enumerate(items):
            place.line = first_line and first_line + number
            yield read(item)
