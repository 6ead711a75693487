"""intervals.csv as a file: its final form, which grows behind the run, and read back.

While a run goes on, followers read a row for each second that has passed. Figures of a second may
still change after that, so that in the end every row is told anew; what has settled by then has
been rendered already.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from bench.model.result import Interval
from bench.record.border import decoded
from bench.record.csv_columns import (
    INTERVAL_COLUMNS,
    csv_text,
    header_text,
    interval_of,
    interval_row,
    read_rows_in,
)
from bench.record.line_log import Spool
from bench.record.second_figures import SecondFigures, SecondFiguresLog

_PIECE = 1 << 20


def intervals_lines(intervals: Iterable[Interval]) -> Iterator[str]:
    """The file line by line: a row per variant, second and segment, too many for one text."""
    yield header_text(INTERVAL_COLUMNS)
    for interval in intervals:
        yield _line(interval)


def _line(interval: Interval) -> str:
    return csv_text(INTERVAL_COLUMNS, [interval_row(interval)])


class FinalIntervals:
    """The rows in their final form and in the order of the file, and their figures for charts.

    They lie in files without a name, which nothing leaves behind, beside the one that it becomes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begin()

    def _begin(self) -> None:
        self._rows = Spool(self._folder)
        self._rows.write(header_text(INTERVAL_COLUMNS).encode("utf-8"))
        self._figures = SecondFiguresLog()

    def add(self, intervals: Iterable[Interval]) -> None:
        """More of them, which will not change."""
        for interval in intervals:
            self._rows.write(_line(interval).encode("utf-8"))
            self._figures.add(interval)

    def start_again(self) -> None:
        """What has been added was not final after all."""
        self.close()
        self._begin()

    def parts(self) -> Iterator[str]:
        """The whole file, piece by piece."""
        decode = getincrementaldecoder("utf-8")().decode
        self._rows.read_from_start()
        while part := self._rows.read(_PIECE):
            yield decode(part)

    def figures(self) -> SecondFigures:
        """The figures of all rows that were written, for what is worked out at the end."""
        return self._figures.figures()

    def close(self) -> None:
        """Give rows and figures back; nothing can be read from it afterwards."""
        self._rows.close()
        self._figures.close()


class RecordedIntervals(Collection[Interval]):
    """The intervals of a file, without a last row that was cut off.

    Each is made when its turn comes, each time anew. Of a file that is not there there are none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Interval]:
        return decoded(self._path, read_rows_in(self._path), interval_of, first_line=2)

    def __len__(self) -> int:
        return sum(1 for _ in decoded(self._path, read_rows_in(self._path), bool))

    def __contains__(self, interval: object) -> bool:
        return any(own == interval for own in self)
