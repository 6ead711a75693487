"""A host that cannot start a sandbox: the cause is told, nobody waits for ever, nothing is left."""

from __future__ import annotations

import asyncio
import errno
import os
import pwd
import signal
from pathlib import Path
from typing import Any

import pytest

from bench import folders
from bench.local import server
from bench.local.sandbox import runtime, spawner
from bench.local.sandbox.fork_server import Sandboxes
from bench.local.sandbox.output_pipe import OutputPipe
from bench.local.sandbox.sandbox import Sandbox
from tests.local.serving import Caller, ended, python_function, serving

ECHO = """
    def handler(event, context):
        return "fine"
"""
LIMIT_S = 20.0


async def answers(caller: Caller, count: int) -> list[Any]:
    """Of so many calls at once, each within the limit."""
    calls = (caller.invoke("f") for _ in range(count))
    return await asyncio.wait_for(asyncio.gather(*calls), LIMIT_S)


def no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_a_user_without_a_name_and_a_home_has_sandboxes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: int) -> None:
        raise KeyError("uid not found")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME", raising=False)
    runtime.credential_folders.cache_clear()
    async with serving(python_function(tmp_path, ECHO)) as caller:
        assert (await caller.invoke("f")).payload == "fine"
    assert folders.home() is None
    assert folders.expanded("~/x") == Path("~/x")
    assert folders.state_folder() == folders.temporary_folder() / f"lamload-{os.getuid()}/lamload"
    runtime.credential_folders.cache_clear()


@pytest.mark.parametrize(
    ("part", "step"), [(OutputPipe, "open"), (Sandbox, "_command"), (Sandbox, "_prepare")]
)
async def test_whatever_fails_before_the_process_is_a_500_with_its_cause(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    part: type[object],
    step: str,
) -> None:
    async with serving(python_function(tmp_path, ECHO)) as caller:
        with monkeypatch.context() as patch:
            patch.setattr(part, step, no_space)
            for answer in await answers(caller, 3) + await answers(caller, 2):
                assert answer.response.status_code == 500
                assert answer.response.headers["x-amzn-ErrorType"] == "ServiceException"
                assert "cannot start a sandbox" in answer.payload["Message"]
                assert os.strerror(errno.ENOSPC) in answer.payload["Message"]
        assert sum((await caller.stats())["host"]["cannot_start"].values()) == 5
        assert capsys.readouterr().err.count("cannot start a sandbox") == 1
        assert (await caller.invoke("f")).payload == "fine"


async def test_a_process_that_cannot_be_looked_at_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def unreadable(pid: int) -> None:
        seen.append(pid)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async with serving(python_function(tmp_path, ECHO)) as caller:
        monkeypatch.setattr("bench.local.sandbox.sandbox.Meter", unreadable)
        (answer,) = await answers(caller, 1)
        assert os.strerror(errno.EMFILE) in answer.payload["Message"]
        for pid in seen:
            await ended(pid)


async def test_an_http_door_refuses_what_has_no_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(python_function(tmp_path, ECHO), doors=("alb", "rest")) as caller:
        monkeypatch.setattr(Sandbox, "_prepare", no_space)
        for door in ("alb", "rest"):
            assert (await caller.http.get(caller.door(door))).status_code >= 500


async def test_no_more_processes_is_told_and_the_fork_server_lives_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "fork", exhausted)
    event = Sandboxes(None, None).spawn({"spawn": "one", "env": {}})
    assert event == {"failed": "one", "error": f"no process can be forked: {os.strerror(11)}"}


async def test_a_fork_server_that_is_stopped_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(python_function(tmp_path, ECHO)) as caller:
        os.kill(fork_server_of(caller), signal.SIGSTOP)
        monkeypatch.setattr(spawner, "ANSWER_LIMIT_S", 0.2)
        monkeypatch.setattr(spawner, "END_LIMIT_S", 0.2)
        (answer,) = await answers(caller, 1)
        assert "has not answered for 0.2 s" in answer.payload["Message"]


async def test_a_stopped_fork_server_does_not_keep_the_server_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawner, "END_LIMIT_S", 0.2)
    monkeypatch.setattr(server, "CLOSE_LIMIT_S", 0.2)
    async with asyncio.timeout(LIMIT_S), serving(python_function(tmp_path, ECHO)) as caller:
        assert (await caller.invoke("f")).payload == "fine"
        os.kill(fork_server_of(caller), signal.SIGSTOP)


def fork_server_of(caller: Caller) -> int:
    """Process id of the one that forks sandboxes."""
    return caller.server.spawner.pid
