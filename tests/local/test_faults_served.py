"""Faults as a caller meets them, over a real socket."""

from __future__ import annotations

from time import monotonic_ns
from typing import Any

import httpx
import pytest

from bench.errors import ProfileError
from bench.local.options import LocalOptions
from bench.local.server import LocalLambda
from bench.model.times import NS_PER_S
from tests.local.serving import serving


async def test_throttles_come_as_lambdas_and_as_the_doors() -> None:
    fault = {"kind": "throttle", "reason": "CallerRateLimitExceeded", "retry_after_s": 3}
    async with serving("hello", faults=(fault,), doors=("alb", "rest")) as local:
        invoked = await local.invoke("hello")
        alb = await local.http.get(local.door("alb"))
        rest = await local.http.get(local.door("rest"))
        stats = await local.stats()
    assert invoked.response.status_code == 429
    assert invoked.response.headers["Retry-After"] == "3"
    assert invoked.payload["Reason"] == "CallerRateLimitExceeded"
    assert (alb.status_code, rest.status_code) == (502, 500)
    assert stats["faults"] == {"throttle": 3}
    assert stats["functions"] == []


async def test_errors_have_the_asked_status() -> None:
    async with serving("hello", faults=({"kind": "error", "status": 503},)) as local:
        invoked = await local.invoke("hello")
    assert invoked.response.status_code == 503
    assert invoked.payload["Type"] == "Service"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "reset"}, httpx.ReadError),
        ({"kind": "malformed"}, httpx.RemoteProtocolError),
        ({"kind": "truncated", "keep_share": 0.5}, httpx.RemoteProtocolError),
    ],
)
async def test_broken_answers_break_the_connection(
    fault: dict[str, Any], error: type[Exception]
) -> None:
    async with serving("hello", faults=(fault,)) as local:
        with pytest.raises(error):
            await local.invoke("hello")


async def test_a_delay_comes_before_the_function() -> None:
    fault = {"kind": "latency", "ms": 120}
    async with serving("hello", memory_mb=(1769,), faults=(fault,)) as local:
        await local.invoke("hello")
        invoked = await local.invoke("hello")
    assert invoked.response.elapsed.total_seconds() > 0.12
    assert invoked.reported_ms("Duration") < 100


async def test_a_cold_start_storm_starts_a_sandbox_each_time() -> None:
    async with serving("hello", faults=({"kind": "cold-start"},)) as local:
        for _ in range(3):
            assert (await local.invoke("hello")).reported_ms("Init Duration") > 0
        (function,) = (await local.stats())["functions"]
    assert function["cold_starts"] == 3
    assert function["sandboxes"] == 1


async def test_faults_come_and_go_by_the_control_port() -> None:
    async with serving("hello") as local:
        faults = f"{local.server.control_url}/faults"
        unknown = await local.http.post(faults, json=[{"kind": "throttle"}])
        assert unknown.status_code == 401, "every user of the machine reaches the port"
        local.http.headers["Authorization"] = f"Bearer {local.server.control_token}"
        assert (await local.invoke("hello")).response.status_code == 200
        posted = await local.http.post(faults, json=[{"kind": "throttle"}])
        assert posted.json() == {"faults": [{"kind": "throttle"}]}
        assert (await local.invoke("hello")).response.status_code == 429
        refused = await local.http.post(faults, json={"faults": [{"kind": "trottle"}]})
        assert refused.status_code == 400
        assert "faults[0].kind" in refused.json()["problems"][0]
        assert (await local.invoke("hello")).response.status_code == 429, "the old ones stay"
        await local.http.delete(faults)
        assert (await local.invoke("hello")).response.status_code == 200


async def test_a_stream_can_be_spoilt_too() -> None:
    async with serving("hello", faults=({"kind": "reset", "door": "invoke-stream"},)) as local:
        url = f"{local.server.invoke_url}/2021-11-15/functions/hello/response-streaming-invocations"
        with pytest.raises(httpx.ReadError):
            await local.http.post(url, headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x"})
        assert (await local.invoke("hello")).response.status_code == 200


async def test_mistakes_in_faults_are_told_before_anything_starts() -> None:
    with pytest.raises(ProfileError, match=r"faults\[0\]\.status"):
        await LocalLambda.start(LocalOptions((), faults=({"kind": "error", "status": 418},)))


async def test_faults_count_from_the_turn_of_the_function_that_is_called() -> None:
    now_ns = monotonic_ns()
    hour_ns = 3600 * NS_PER_S
    fault = {"kind": "throttle", "start_s": 1800, "duration_s": 60}
    async with serving("hello", faults=(fault,)) as local:
        local.http.headers["Authorization"] = f"Bearer {local.server.control_token}"
        turns = f"{local.server.control_url}/turns"
        assert (await local.invoke("hello")).response.status_code == 200
        half = [now_ns - hour_ns, now_ns - hour_ns // 2, now_ns + hour_ns]
        told = {"turns": {"hello": half}}
        assert (await local.http.post(turns, json=told)).status_code == 200
        assert (await local.invoke("hello")).response.status_code == 429
        await local.http.post(turns, json={"turns": {"hello": [*half, now_ns]}})
        assert (await local.invoke("hello")).response.status_code == 200
        await local.http.post(turns, json={"turns": {"other": [now_ns - hour_ns // 2]}})
        assert (await local.invoke("hello")).response.status_code == 200
        for mistaken in ([3], {"other": [1]}, {"turns": {}, "shifts": [[1, 2]]}):
            assert (await local.http.post(turns, json=mistaken)).status_code == 400


async def test_faults_are_put_off_and_skipped_with_the_load() -> None:
    """shifts: [instant, what it counts as, whether it goes on from there]."""
    now_ns, hour_ns = monotonic_ns(), 3600 * NS_PER_S
    fault = {"kind": "throttle", "start_s": 1800, "duration_s": 60}
    async with serving("hello", faults=(fault,)) as local:
        local.http.headers["Authorization"] = f"Bearer {local.server.control_token}"

        async def status(began_ns: int, *shifts: tuple[int, int, bool]) -> int:
            told = {"turns": {"hello": [began_ns]}, "shifts": shifts}
            url = f"{local.server.control_url}/turns"
            assert (await local.http.post(url, json=told)).status_code == 200
            return (await local.invoke("hello")).response.status_code

        due_ns, late_ns = now_ns - hour_ns // 2, now_ns - hour_ns
        assert await status(due_ns) == 429
        assert await status(due_ns, (due_ns + 1, due_ns + 1, False)) == 200
        assert await status(late_ns) == 200
        held = (late_ns + 1, late_ns + 1, False)
        assert await status(late_ns, held, (due_ns, late_ns, True)) == 429
        assert await status(now_ns, (now_ns, now_ns + hour_ns // 2, True)) == 429
