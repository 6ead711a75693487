"""A URL as the target: reached once before anything is sent."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bench.errors import TargetError
from bench.load.targets.http import reach
from bench.load.targets.open import open_target
from bench.wire.environment import with_environment
from tests.profile.write import load
from tests.wire.rawserver import answering, raw_server
from tests.wire.test_pool import OK

PROFILE = """
[target]
kind = "http"
url = "http://only-the-proxy-knows.invalid/"

[[phase]]
rate = "10/s"
duration = "5s"
"""


async def test_a_name_that_does_not_resolve_is_told_before_the_start(tmp_path: Path) -> None:
    profile = load(tmp_path, PROFILE)
    target = open_target(profile, profile.connections)
    with pytest.raises(TargetError, match=r"only-the-proxy-knows.invalid:80 .* target\.url"):
        await target.bind(load(tmp_path, PROFILE).variants)


async def test_one_of_its_addresses_that_says_nothing_does_not_hold_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with raw_server(answering(OK)) as origin:
        port = int(origin.rpartition(":")[2])
        with socket.socket() as full, ExitStack() as fillers:
            full.bind(("127.0.0.2", port))
            full.listen(0)
            for _ in range(4):  # so that nobody else gets an answer there
                filler = fillers.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())

            async def both(*_: object, **__: object) -> list[Any]:
                kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
                return [(*kind, (ip, port)) for ip in ("127.0.0.2", "127.0.0.1")]

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
            await asyncio.wait_for(reach(f"http://two.example:{port}/", "target.url"), 5)


async def test_behind_a_proxy_the_proxy_has_to_answer(tmp_path: Path) -> None:
    async with raw_server(answering(OK)) as proxy:
        profile = load(tmp_path, PROFILE + f'[connections]\nproxy = "{proxy}"\n')
        target = open_target(profile, profile.connections)
        assert len(await target.bind(profile.variants)) == 1
    with pytest.raises(TargetError, match=r"start the proxy or correct connections\.proxy"):
        await target.bind(profile.variants)


async def test_the_environments_proxy_has_to_answer_too(tmp_path: Path) -> None:
    profile = load(tmp_path, PROFILE)
    async with raw_server(answering(OK)) as proxy:
        reached = with_environment(profile.connections, {"http_proxy": proxy})
        target = open_target(profile, reached)
        assert len(await target.bind(profile.variants)) == 1
    with pytest.raises(TargetError, match=r"start the proxy or correct the environment's proxy"):
        await target.bind(profile.variants)
