from __future__ import annotations

import asyncio
import os
import signal
from time import monotonic_ns

import pytest

from bench.errors import TargetError
from bench.load.silence import Stillness
from bench.load.targets.local import LocalTarget
from bench.model.endpoint import EndpointKind
from bench.model.profile import Target, TargetKind, Variant
from bench.model.times import NS_PER_S


def test_an_endpoint_that_the_embedded_lambda_has_no_door_for_is_told() -> None:
    target = LocalTarget(Target(TargetKind.LOCAL, function="primes"))
    target._ready = {"functions": [{"memory_mb": 128, "urls": {}}]}
    with pytest.raises(TargetError, match="the embedded Lambda has no endpoint alb"):
        target._binding(Variant(EndpointKind.ALB, 128))


async def test_one_that_is_stopped_while_it_starts_is_ended_and_told_of() -> None:
    target = LocalTarget(Target(TargetKind.LOCAL, function="hello"))
    target._stillness = Stillness(monotonic_ns, NS_PER_S // 4)
    binding = asyncio.ensure_future(target.bind((Variant(EndpointKind.INVOKE, 128),)))
    while target.pid is None:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)
    os.kill(target.pid, signal.SIGSTOP)
    with pytest.raises(TargetError, match="the embedded Lambda did not answer for 5 s"):
        await binding
