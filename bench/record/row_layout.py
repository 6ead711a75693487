"""What a worker keeps of an attempt: one fixed-size row in a flat buffer. Standard library only.

The worker packs, ships the bytes every quarter second and forgets them;
the aggregate reads the same bytes through `ROW_FIELDS` as a structured array. One row per attempt;
the row with FLAG_FINAL also ends its invocation, so that

    response time = last_ns - intended_ns   of final rows
    attempt time  = last_ns - sent_ns       of every row that was sent
    send lag      = sent_ns - intended_ns   of rows with attempt == 1, but for FLAG_HELD
    read lag      = read_lag_ns             of rows of which the kernel told when the answer came
    hedges sent   = rows with FLAG_HEDGE; won: those that are final with a good answer

attempt counts an invocation's attempts in the order in which they were sent, a hedge too. The row
of one that came to nothing as the other had answered (FLAG_SPENT) may follow the final row.
Instants are nanoseconds since the run's start, spans nanoseconds, NEVER (-1) what did not happen.
"""

from __future__ import annotations

from struct import Struct

FLAG_FINAL = 1
"""The invocation ended with this attempt."""
FLAG_COLD = 2
"""The attempt met a cold start: `Report.is_cold`."""
FLAG_CENSORED = 4
"""The attempt timed out: its times are lower bounds."""
FLAG_REFUSED = 8
"""A retry was due by the policy, and the budget or an open circuit breaker refused it."""
FLAG_HEDGE = 16
"""The attempt was sent while the invocation's first one was still under way."""
FLAG_SPENT = 32
"""The other attempt's good answer had ended the invocation before this one's end."""
FLAG_HEDGE_REFUSED = 64
"""A hedge of this attempt was due, and the budget or the circuit breaker refused it."""
FLAG_DEADLINE = 128
"""The deadline ended the invocation: it cut this attempt, or the next would have come too late."""
FLAG_HELD = 256
"""The client's own rate limit held the attempt back: that it left late is none of the engine's."""
PAYLOAD_SHIFT = 9
"""The upper half of the flags: which event of a mix it was sent with, at most MOST_PAYLOADS."""
MOST_PAYLOADS = 16

ROW_FIELDS: tuple[tuple[str, str], ...] = (
    ("intended_ns", "<i8"),
    ("sent_ns", "<i8"),  # first byte sent
    ("first_ns", "<i8"),  # first byte received
    ("last_ns", "<i8"),  # last byte received, or the moment of giving up
    ("dns_ns", "<i8"),  # spans of a connection opened for this attempt
    ("connect_ns", "<i8"),  # TCP
    ("tls_ns", "<i8"),
    ("duration_ns", "<i8"),  # from the REPORT line
    ("init_ns", "<i8"),
    ("restore_ns", "<i8"),
    ("read_lag_ns", "<i8"),  # how long the last byte lay unread; last_ns is when it came
    ("billed_ms", "<i4"),
    ("max_memory_mb", "<i4"),
    ("variant", "<u2"),
    ("segment", "<u2"),
    ("status", "<u2"),  # HTTP status, 0 without one
    ("attempt", "u1"),  # from 1; 0 for an invocation that was never sent
    ("outcome", "u1"),
    ("flags", "<u2"),
)
"""Names and numpy type codes, packed without padding, in the order of `pack_row`'s arguments."""

_ROW = Struct("<11q2i3H2BH")

COUNT_FIELDS: tuple[tuple[str, str], ...] = (
    ("second", "<u4"),
    ("variant", "<u2"),
    ("segment", "<u2"),
    ("offered", "<u4"),
    ("dropped", "<u4"),
)
"""Arrivals by intended second, shipped as increments: offered includes dropped."""

_COUNT = Struct("<I2H2I")


def arrivals_by_variant(counts: bytes) -> dict[int, int]:
    """Arrivals offered, by variant, of packed COUNT_FIELDS rows."""
    found: dict[int, int] = {}
    for _, variant, _, offered, _ in _COUNT.iter_unpack(counts):
        found[variant] = found.get(variant, 0) + offered
    return found


pack_row = _ROW.pack
"""pack_row(*values) -> bytes, values in the order of ROW_FIELDS."""


def without_receipts(rows: bytes) -> bytes:
    """The same rows, ending where they were read: what the kernel's clock said of them is void."""
    packed = []
    for row in _ROW.iter_unpack(rows):
        values = list(row)
        first_ns, last_ns, lag_ns = values[_FIRST], values[_LAST], values[_READ_LAG]
        if lag_ns >= 0:
            values[_LAST] = last_ns + lag_ns
            # The first byte was read with the last one, or at an instant that nobody noted.
            values[_FIRST] = values[_LAST] if first_ns == last_ns else -1
            values[_READ_LAG] = -1
        packed.append(_ROW.pack(*values))
    return b"".join(packed)


_NAMES = [name for name, _ in ROW_FIELDS]
_FIRST, _LAST, _READ_LAG = map(_NAMES.index, ("first_ns", "last_ns", "read_lag_ns"))


class RowBuffer:
    """A growing list of packed rows; `add(pack_row(…))` is two calls into C and nothing else."""

    __slots__ = ("_packed", "add")

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self.add = self._packed.append

    def __len__(self) -> int:
        return len(self._packed)

    def drain(self) -> bytes:
        """The rows so far, as bytes; the list starts anew."""
        taken = b"".join(self._packed)
        self._packed.clear()
        return taken


class ArrivalCounts:
    """Arrivals offered and dropped, by (second, variant, segment), since the last `drain`."""

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int, int], list[int]] = {}

    def cell(self, second: int, variant: int, segment: int) -> list[int]:
        """The [offered, dropped] pair to increment; valid until the next `drain`."""
        return self._cells.setdefault((second, variant, segment), [0, 0])

    def drain(self) -> bytes:
        """The increments as packed COUNT_FIELDS rows; counting starts anew."""
        cells, self._cells = self._cells, {}
        return b"".join(
            _COUNT.pack(second, variant, segment, offered, dropped)
            for (second, variant, segment), (offered, dropped) in cells.items()
        )
