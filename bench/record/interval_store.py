"""Where seconds go once nothing more is expected of them: out of memory, into a temporary file.

A run of ten hours with a dozen variants has nearly half a million seconds of them, and in memory
each would take a kilobyte. Here all of them take SQLite's page cache, a quarter of a megabyte,
however long the run; on disk 500 bytes each.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from weakref import finalize

from bench.record.interval_key import IntervalKey
from bench.record.interval_stats import Packed

_TABLE = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -256;
    CREATE TABLE intervals (
        second INTEGER, variant INTEGER, segment INTEGER,
        tally BLOB, figures BLOB, spread BLOB,
        PRIMARY KEY (second, variant, segment)
    ) WITHOUT ROWID;
"""
"""Without care for a crash: the file ends with the process, and the run's own files are elsewhere.

A small cache is enough: seconds come in order and are read once, in order.
"""
_ALWAYS_S = 1 << 62
_WHERE = "WHERE second = ? AND variant = ? AND segment = ?"


class IntervalStore:
    """Packed cells by key, in a file without a name."""

    def __init__(self) -> None:
        self._file = _opened("")
        finalize(self, self._file.close)
        self.latest_s = -1
        """The latest second of which there is anything."""

    def add(self, key: IntervalKey, packed: Packed) -> None:
        """Put a cell here that is not yet."""
        self.latest_s = max(self.latest_s, key.second)
        self._execute(
            "INSERT OR REPLACE INTO intervals VALUES (?, ?, ?, ?, ?, ?)",
            (*key, packed.tally, packed.figures, packed.spread),
        )

    def replace(self, key: IntervalKey, packed: Packed) -> None:
        """Put another in the place of one."""
        self._execute(
            f"UPDATE intervals SET tally = ?, figures = ?, spread = ? {_WHERE}",
            (packed.tally, packed.figures, packed.spread, *key),
        )

    def _execute(self, statement: str, values: Sequence[object]) -> None:
        """In memory from the moment on at which there is no more room on disk."""
        try:
            self._file.execute(statement, values)
        except sqlite3.OperationalError:
            rows = self._file.execute("SELECT * FROM intervals").fetchall()
            self._file = _opened(":memory:")
            self._file.executemany("INSERT INTO intervals VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._file.execute(statement, values)

    def get(self, key: IntervalKey) -> Packed | None:
        """The cell, or None if it is not here; of a recent second at no cost."""
        if key.second > self.latest_s:
            return None
        row = self._file.execute(f"SELECT tally, figures, spread FROM intervals {_WHERE}", key)
        found = row.fetchone()
        return None if found is None else Packed(*found)

    def __len__(self) -> int:
        return int(self._file.execute("SELECT COUNT(*) FROM intervals").fetchone()[0])

    def keys(self, from_s: int = 0, until_s: int = _ALWAYS_S) -> Iterator[IntervalKey]:
        """In their order, of the seconds from one up to, without, another."""
        rows = self._file.execute(
            "SELECT second, variant, segment FROM intervals WHERE second >= ? AND second < ?"
            " ORDER BY 1, 2, 3",
            (from_s, until_s),
        )
        return (IntervalKey(*row) for row in rows)


def _opened(place: str) -> sqlite3.Connection:
    # One thread uses it at a time, but which one lets go of it last is the collector's choice.
    file = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
    file.executescript(_TABLE)
    return file
