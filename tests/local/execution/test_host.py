"""What the machine can bear, and what is said when it cannot."""

from __future__ import annotations

import pytest

from bench.local.execution import host
from bench.local.execution.host import SaturationWatch, notes, sandbox_limit
from bench.local.execution.stats import Saturation
from tests.local.serving import serving

S = 1_000_000_000


@pytest.mark.parametrize(
    ("descriptors", "available_mb", "limit"),
    [
        pytest.param(1024, None, 109, id="descriptors alone"),
        pytest.param(1_000_000, 8000.0, 600, id="memory"),
        pytest.param(1_000_000, 1.0, 4, id="a few there always are"),
        pytest.param(200, 8000.0, 1, id="and one at the very least"),
    ],
)
def test_sandboxes_at_once(descriptors: int, available_mb: float | None, limit: int) -> None:
    assert sandbox_limit(descriptors, available_mb) == limit


def test_a_host_says_what_it_cannot_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "cores", lambda: 2)
    assert notes(1769, 2000, 1000, private_tmp=True) == []
    cores, room, tmp = notes(7076, 500, 1000, private_tmp=False)
    assert "buys 4.0 cores' worth of CPU and this host has 2" in cores
    assert "500 sandboxes" in room
    assert "share /tmp" in tmp


def test_saturation_is_told_once_in_a_while() -> None:
    seen = Saturation()
    watch = SaturationWatch(seen, quiet_periods=3)
    seen.cpu_ns, seen.unmended_ns, seen.ran_ns = S, S // 10, S
    assert watch.check() is None, "a tenth is no saturation"
    warnings = []
    for _ in range(6):
        seen.cpu_ns += S
        seen.ran_ns += S
        seen.unmended_ns += S // 2
        warnings.append(watch.check())
    assert [warning is not None for warning in warnings] == [True, False, False, True, False, False]
    assert warnings[0]
    assert "used 1.00 s of CPU and waited 0.50 s for a core in vain" in warnings[0]


async def test_beyond_the_hosts_room_invocations_are_throttled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host, "sandbox_limit", lambda *_: 0)
    async with serving("hello") as local:
        invoked = await local.invoke("hello")
        stats = await local.stats()
    assert invoked.response.status_code == 429
    assert invoked.payload["Reason"] == "ConcurrentInvocationLimitExceeded"
    assert stats["host"]["refused_for_room"] == 1
    (function,) = stats["functions"]
    assert (function["running"], function["throttles"]) == (
        0,
        {"ConcurrentInvocationLimitExceeded": 1},
    )
