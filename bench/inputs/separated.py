"""Tables in text, as programs and spreadsheets write them: separators, headers, rows by offset.

"Can this be meant?" is asked once, here, for feeds and for replay files: of the separator, which
the header and the first rows tell, of the columns' names, and of the number of cells in each row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from bench.errors import UsageError
from bench.inputs.cells import is_number
from bench.inputs.content import Content
from bench.units import shown

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SAMPLED = 50
"""Lines by which a separator is chosen where the header alone could have several."""
csv.field_size_limit(64 << 20)


class SeparatedRow(NamedTuple):
    """A row with its place: line counts from 1, begin and end are offsets in the content."""

    cells: list[str]
    line: int
    begin: int
    end: int


class SeparatedFile:
    """The rows of a content by its separator. default is the one that the file's ending means."""

    def __init__(self, content: Content, default: str) -> None:
        self.content = content
        self._skips = 0
        """Bytes of a first line `sep=;`, which is no row."""
        self.separator = self._declared() or self._told(default)

    def rows(self) -> Iterator[SeparatedRow]:
        """Each row but blank lines. Raises UsageError for broken quotes and for no UTF-8."""
        begin = self._end = self.content.start + self._skips
        reader = csv.reader(self._feed(), delimiter=self.separator, strict=True)
        try:
            for cells in reader:
                if cells:
                    yield SeparatedRow(cells, reader.line_num + bool(self._skips), begin, self._end)
                begin = self._end
        except csv.Error as error:
            line = reader.line_num + bool(self._skips)
            raise UsageError(f"{self.content.name} line {line}: {error}") from None

    def cells(self, begin: int, end: int) -> list[str]:
        """The cells of a row that `rows` has told of."""
        text = self.content.text(begin, end)
        return next(csv.reader([text], delimiter=self.separator, strict=True))

    def _feed(self) -> Iterator[str]:
        lines = self.content.lines()
        if self._skips:
            next(lines, None)
        for end, text in lines:
            self._end = end
            yield text

    def _declared(self) -> str | None:
        """What a first line `sep=;` says, as some spreadsheets write it."""
        first = next(self.content.lines(), None)
        if first is None:
            return None
        end, text = first
        said = text.rstrip("\r\n").strip('"')
        if said[:4].lower() != "sep=" or len(said) > 5:
            return None
        if said[4:] not in SEPARATORS:
            known = ", ".join(f"{shown(mark)}" for mark in SEPARATORS)
            raise UsageError(
                f"{self.content.name} line 1 names the separator {shown(said[4:])}; "
                f"there are {known}"
            )
        self._skips = end - self.content.start
        return said[4:]

    def _told(self, default: str) -> str:
        """The separator that the header has outside quotes; of several, the one that fits."""
        sample = [text for _, text in islice(self.content.lines(), _SAMPLED)]
        header = next((text for text in sample if text.strip()), "")
        found = [mark for mark in SEPARATORS if _counts(header, mark)]
        if not found or found == [default]:
            return default
        if len(found) == 1:
            return found[0]
        fitting = [mark for mark in found if _fits(sample, mark)]
        if len(fitting) == 1 or not fitting:
            return fitting[0] if fitting else default
        named = " or by ".join(SEPARATORS[mark] for mark in fitting)
        raise UsageError(
            f"{self.content.name} line 1 can be read by {named}: put a line such as "
            f'"sep={fitting[0]}" before it'
        )


def _counts(line: str, mark: str) -> int:
    """How often a separator stands outside quotes."""
    return sum(part.count(mark) for part in line.split('"')[::2])


def _fits(sample: Sequence[str], mark: str) -> bool:
    """Whether all of the first rows have as many cells as the header."""
    counts: list[int] = []
    with suppress(csv.Error):  # the last of them may be cut off within quotes
        counts.extend(map(len, csv.reader(sample, delimiter=mark, strict=True)))
    is_read = len(counts) > 1 or len(counts) == len(sample)
    return is_read and len({count for count in counts if count}) == 1


@dataclass(slots=True)
class NamedColumns:
    """The columns of a table with a header, by what its names can be meant as.

    kept: (index, name) of each column that has one. A column without a name is left out as long as
    all its cells are empty, as spreadsheets leave them at the end of a line.
    """

    file: str
    line: int
    names: list[str]
    _nameless: list[int] = field(init=False)

    def __post_init__(self) -> None:
        names = self.names
        self._nameless = [index for index, name in enumerate(names) if not name.strip()]
        twice = next((n for i, n in enumerate(names) if n and n in names[:i]), None)
        if twice is not None:
            column = names.index(twice, names.index(twice) + 1) + 1
            raise self.fault(column, f"names a column twice ({shown(twice)}): rename one of them")
        for column, name in enumerate(names, 1):
            if name != name.strip() and name.strip():
                raise self.fault(
                    column, f"has the name {shown(name)}, with spaces around it: take them out"
                )
        if not any(name.strip() for name in names):
            raise self.fault(1, "names no column: put the columns' names there")

    @property
    def kept(self) -> list[tuple[int, str]]:
        """(index, name) of the columns that have a name."""
        return [(i, name) for i, name in enumerate(self.names) if name.strip()]

    def fault(self, column: int, what: str, line: int | None = None) -> UsageError:
        """A mistake at a place of the table."""
        return UsageError(f"{self.file} line {line or self.line}, column {column} {what}")

    def check(self, row: SeparatedRow, separator: str) -> bool:
        """Whether it is a row at all: one of separators alone is none. Raises UsageError."""
        cells = row.cells
        if len(cells) != len(self.names):
            raise UsageError(
                f"{self.file} line {row.line} has {len(cells)} cells for {len(self.names)} columns "
                f"(read by {SEPARATORS[separator]}): put a cell with a separator in it in quotes"
            )
        for index in self._nameless:
            if cells[index].strip():
                what = f"has {shown(cells[index])} in a column without a name: name it in line "
                raise self.fault(index + 1, f"{what}{self.line}", row.line)
        return len(cells) == 1 or any(cells)

    def check_is_header(self, first: SeparatedRow) -> None:
        """Raises UsageError if what stands in the place of the names looks like one more row."""
        if is_number(self.names[0]) and is_number(first.cells[0]):
            raise self.fault(
                1,
                f"has {shown(self.names[0])} where the first column's name should be: put a line "
                "with the columns' names first",
            )
