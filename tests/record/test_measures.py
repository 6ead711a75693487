"""From a row of an attempt to the values that are kept of it."""

from __future__ import annotations

import numpy as np
import pytest

from bench.model.times import NEVER, NS_PER_MS
from bench.record.measures import ABSENT, ROW_TYPE, Series, values_of
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
