"""A URL as the target: reached once before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import TargetError
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
