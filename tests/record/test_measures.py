"""From a row of an attempt to the values that are kept of it."""

from __future__ import annotations

import numpy as np
import pytest

from bench.model.times import NEVER, NS_PER_MS
from bench.record.measures import ABSENT, ROW_TYPE, Series, values_of
from bench.record.row_layout import without_receipts
from tests.record.build import row

MS = NS_PER_MS


def connecting(dns_ns: int, tcp_ns: int, tls_ns: int) -> list[int | None]:
    """connect, dns, tcp, tls of an attempt that opened a connection."""
    packed = row(0, dns_ns=dns_ns, connect_ns=tcp_ns, tls_ns=tls_ns)
    values = values_of(np.frombuffer(packed, dtype=ROW_TYPE))
    found = [values[s, 0] for s in (Series.CONNECT, Series.DNS, Series.TCP, Series.TLS)]
    return [None if value == ABSENT else int(value) for value in found]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ((3 * MS, 2 * MS, 9 * MS), [14 * MS, 3 * MS, 2 * MS, 9 * MS]),
        ((0, 2 * MS, NEVER), [2 * MS, None, 2 * MS, None]),  # a cached name, no TLS
        ((NEVER, NEVER, NEVER), [None, None, None, None]),  # a connection that was there
    ],
)
def test_opening_a_connection_is_told_by_its_parts(
    spans: tuple[int, int, int], expected: list[int | None]
) -> None:
    assert connecting(*spans) == expected


@pytest.mark.parametrize("lag_ns", [NEVER, 0, 3 * MS])
def test_how_long_an_answer_lay_unread_is_kept_where_it_is_known(lag_ns: int) -> None:
    values = values_of(np.frombuffer(row(0, read_lag_ns=lag_ns), dtype=ROW_TYPE))
    found = int(values[Series.READ_LAG, 0])
    assert found == (ABSENT if lag_ns == NEVER else lag_ns)


def test_rows_without_the_kernels_word_end_where_they_were_read() -> None:
    """first byte: of what was read at once with the last one it is known, of the rest not."""
    told = row(0, response_ns=50 * MS, read_lag_ns=3 * MS)
    untold = row(0, response_ns=20 * MS)
    at_once = np.frombuffer(told, dtype=ROW_TYPE).copy()
    at_once["first_ns"] = at_once["last_ns"]
    packed = without_receipts(told + untold + at_once.tobytes())
    rows = np.frombuffer(packed, dtype=ROW_TYPE)
    assert rows["last_ns"].tolist() == [53 * MS, 20 * MS, 53 * MS]
    assert rows["first_ns"].tolist() == [NEVER, 20 * MS - 1000, 53 * MS]
    assert rows["read_lag_ns"].tolist() == [NEVER] * 3
    for name in ("intended_ns", "sent_ns", "variant", "flags"):
        assert rows[name].tolist() == np.frombuffer(told + untold + told, ROW_TYPE)[name].tolist()
