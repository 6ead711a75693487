"""Front doors over real sockets: the door's own affairs are tested beside the doors."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bench.local.doors import DOORS
from tests.local.serving import python_function, serving

EVENT = json.dumps({"n": 50}).encode()
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("kind", [kind for kind in DOORS if kind != "step-functions"])
async def test_a_bundled_function_answers_through_every_door(kind: str) -> None:
    async with serving("primes", doors=(kind,), memory_mb=(128, 1769)) as local:
        answers = [
            await local.http.post(local.door(kind, index), content=EVENT, headers=JSON)
            for index in (0, 1)
        ]
        stats = await local.stats()
    for answer, memory_mb in zip(answers, (128, 1769), strict=True):
        assert answer.status_code == 200
        assert answer.json() == {"n": 50, "primes": 15}
        assert f"Memory Size: {memory_mb} MB" in answer.headers["x-lamload-report"]
    assert [function["qualifier"] for function in stats["functions"]] == ["128MB", "1769MB"]


async def test_the_path_is_what_the_caller_sent_and_the_stage_is_not_in_it(tmp_path: Path) -> None:
    code = """
        import json
        def handler(event, context):
            seen = [event["path"], event["requestContext"].get("path"), event["resource"]]
            return {"statusCode": 200, "body": json.dumps(seen)}
    """
    async with serving(python_function(tmp_path, code), doors=("rest",)) as local:
        url = local.door("rest")
        assert url.endswith("/prod/")
        inside = await local.http.get(url + "a/b%2Fc?q=1")
        outside = await local.http.get(url.removesuffix("prod/") + "other/a")
    assert inside.json() == ["/a/b%2Fc", "/prod/a/b%2Fc", "/{proxy+}"]
    assert (outside.status_code, outside.json()) == (403, {"message": "Forbidden"})


async def test_the_function_sees_the_callers_trace(tmp_path: Path) -> None:
    code = """
        import os
        def handler(event, context):
            return {"statusCode": 200, "body": os.environ["_X_AMZN_TRACE_ID"]}
    """
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793"
    async with serving(python_function(tmp_path, code), doors=("alb",)) as local:
        given = await local.http.get(local.door("alb"), headers={"X-Amzn-Trace-Id": trace})
        fresh = await local.http.get(local.door("alb"))
    assert given.text.startswith(f"{trace};Parent=")
    assert given.text.endswith(";Sampled=0")
    assert fresh.text.startswith("Root=1-")


async def test_a_door_that_waits_no_longer_answers_while_the_function_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench.local.doors.rest import RestDoor

    monkeypatch.setattr("bench.local.server.DOORS", {"rest": RestDoor(timeout_s=0.2)})
    code = """
        import time
        def handler(event, context):
            time.sleep(0.5)
    """
    async with serving(python_function(tmp_path, code), doors=("rest",)) as local:
        answer = await local.http.get(local.door("rest"))
        assert answer.status_code == 504
        assert (await local.stats())["functions"][0]["running"] == 1
        await local.until_running(0)
        (seen,) = (await local.stats())["functions"]
    assert seen["outcomes"] == {"ok": 1}


async def test_a_good_answer_whose_caller_has_gone_away_is_counted(tmp_path: Path) -> None:
    code = """
        import time
        def handler(event, context):
            time.sleep(0.3)
    """
    function = python_function(tmp_path, code)
    async with serving(function, doors=("alb",), memory_mb=(1769,)) as local:
        asking = asyncio.ensure_future(local.http.get(local.door("alb")))
        await local.until_running(1)
        asking.cancel()
        await local.until_running(0)
        await local.http.get(local.door("alb"))
        (seen,) = (await local.stats())["functions"]
    assert (seen["outcomes"], seen["succeeded_unheard"]) == ({"ok": 2}, 1)


@pytest.mark.parametrize(
    ("kind", "status"), [("alb", 502), ("rest", 500), ("http-api", 503), ("function-url", 429)]
)
async def test_a_throttle_through_each_door(kind: str, status: int) -> None:
    async with serving("hello", doors=(kind,), reserved=0) as local:
        assert (await local.http.get(local.door(kind))).status_code == status


async def test_a_deleted_function_leaves_its_doors_without_one() -> None:
    async with serving("hello", doors=("alb", "function-url")) as local:
        local.server.store.delete("hello")
        assert (await local.http.get(local.door("alb"))).status_code in (502, 503)
        assert (await local.http.get(local.door("function-url"))).status_code == 403
