"""kill -9 at each call of a sweep that changes something, before and after its effect."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from bench.aws.bindings import bind_variants
from bench.aws.journal import Journal, pending
from bench.aws.undo import undo
from bench.commands.restore import restore
from bench.load.child import package_root
from bench.local.model import HttpRequest, HttpResponse
from bench.model.endpoint import EndpointKind
from bench.model.profile import Variant
from tests.aws.fake_aws import FakeAws, target
from tests.local.control_plane.serving import served

VARIANTS = tuple(
    Variant(kind, size)
    for kind in (EndpointKind.INVOKE, EndpointKind.FUNCTION_URL)
    for size in (128, 512, 1024)
)
BUSY = httpx.Response(
    409,
    headers={"x-amzn-errortype": "ResourceConflictException"},
    json={
        "Type": "User",
        "message": "The operation cannot be performed at this time. An update is in progress for "
        "resource: arn:aws:lambda:us-east-1:123456789012:function:primes",
    },
)


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed leaves its files to the kernel: no disk has to be waited for."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


class Killed(BaseException):
    """From here on nothing of the process happens."""


class Cut:
    """Ends the process at the given change, which counts from 0, before or after its effect."""

    def __init__(self, aws: FakeAws, at: int, *, after: bool) -> None:
        self._aws, self._at, self._after = aws, at, after
        self._carry_out: Callable[[httpx.Request], httpx.Response] = aws.handle
        self._seen = 0
        self.left: dict[str, bytes] | None = None
        """The journal's file, as the process left it."""
        aws.handle = self.handle  # type: ignore[method-assign]

    def handle(self, request: httpx.Request) -> httpx.Response:
        if self.left is not None:
            raise Killed
        if request.method == "GET":
            return self._carry_out(request)
        self._seen += 1
        if self._seen <= self._at:
            return self._carry_out(request)
        if self._after:
            self._carry_out(request)
        path = self._aws.journal.path
        self.left = {path.name: path.read_bytes()} if path.exists() else {}
        raise Killed


def with_what_was_there(folder: Path) -> FakeAws:
    """A function of which two aliases have the names that a run wants, one with weights."""
    aws = FakeAws(folder, memory_mb=512)
    functions = "2015-03-31/functions/primes"
    aws.ask(f"{functions}/versions", "POST", Description="theirs")
    asyncio.run(changed(aws, Timeout=7))
    aws.ask(f"{functions}/versions", "POST", Description="lamload 512 MB")
    asyncio.run(changed(aws, Timeout=8))
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    aws.ask(
        f"{functions}/aliases",
        "POST",
        Name="lamload-128MB",
        FunctionVersion="1",
        RoutingConfig=routing,
        Description="theirs",
    )
    aws.ask(f"{functions}/aliases", "POST", Name="lamload-512MB", FunctionVersion="1")
    aws.calls.clear()
    return aws


async def changed(aws: FakeAws, **configuration: int) -> None:
    async with aws.api() as api:
        await api.call("UpdateFunctionConfiguration", "primes", body=configuration)
        await api.wait_until_active("primes")


async def swept(aws: FakeAws) -> None:
    async with aws.api() as api:
        await bind_variants(target(), VARIANTS, api=api, journal=aws.journal, environ={})


async def restored(aws: FakeAws, folder: Path) -> None:
    for path in pending(folder):
        async with aws.api() as api:
            await undo(api, Journal.read(path, {"XDG_STATE_HOME": str(folder.parent)}))
    assert pending(folder) == []


def changes_of_a_sweep(folder: Path) -> list[str]:
    aws = with_what_was_there(folder)
    asyncio.run(swept(aws))
    return aws.calls


def test_a_sweep_makes_every_kind_of_change(tmp_path: Path) -> None:
    kinds = {call.partition("?")[0] for call in changes_of_a_sweep(tmp_path)}
    assert kinds == {
        "PUT primes/configuration",
        "POST primes/versions",
        "POST primes/aliases",
        "PUT primes/aliases/lamload-128MB",
        "PUT primes/aliases/lamload-512MB",
        "POST primes/url",
    }


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whatever_a_killed_run_has_changed_is_undone(tmp_path: Path, after: bool) -> None:
    calls = changes_of_a_sweep(tmp_path / "whole")
    assert len(calls) == 12
    for at, call in enumerate(calls):
        folder = tmp_path / str(at)
        aws = with_what_was_there(folder)
        before = aws.whole
        cut = Cut(aws, at, after=after)
        with pytest.raises(Killed):
            asyncio.run(swept(aws))
        assert cut.left, call  # what has begun to change is on disk by then
        state = folder / "elsewhere" / "lamload"
        state.mkdir(parents=True)
        for name, content in cut.left.items():
            (state / name).write_bytes(content)
        del aws.handle
        asyncio.run(restored(aws, state))
        assert aws.whole == before, call


def test_a_restore_that_is_killed_is_taken_up_again(tmp_path: Path) -> None:
    aws = with_what_was_there(tmp_path)
    before = aws.whole
    asyncio.run(swept(aws))
    state = aws.journal.path.parent
    for at in range(9):
        Cut(aws, at % 2, after=bool(at % 3))
        with pytest.raises(Killed):
            asyncio.run(restored(aws, state))
        del aws.handle
        if not pending(state):
            break
    asyncio.run(restored(aws, state))
    assert aws.whole == before


def test_every_call_waits_for_an_update_that_is_in_progress(tmp_path: Path) -> None:
    aws = with_what_was_there(tmp_path)
    before = aws.whole
    busy_until: dict[str, int] = {}

    def interfere(request: httpx.Request) -> httpx.Response | None:
        if request.method == "GET":
            return None
        call = f"{request.method} {request.url} {len(aws.calls)}"
        seen = busy_until[call] = busy_until.get(call, 0) + 1
        return BUSY if seen <= 2 else None

    aws.interfere = interfere
    asyncio.run(swept(aws))
    assert aws.latest_mb == 512
    assert len(busy_until) == 12
    asyncio.run(restored(aws, aws.journal.path.parent))
    assert aws.whole == before


SWEEP = """
[target]
kind = "aws"
function = "primes"
region = "us-east-1"

[[variants]]
memory_mb = [128, 1024]

[[phase]]
rate = "5/s"
duration = "1s"
"""


@pytest.mark.parametrize(("at", "after"), [(1, True), (2, False)], ids=["publish", "next size"])
def test_a_real_kill_is_undone_from_another_folder(
    tmp_path: Path, at: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = FakeAws(tmp_path, memory_mb=512)
    aws.store.update_ns = 0
    before = aws.whole
    (tmp_path / "sweep.toml").write_text(SWEEP)
    started: list[subprocess.Popen[bytes]] = []
    changes = 0

    def handle(request: HttpRequest) -> HttpResponse | None:
        nonlocal changes
        reads = request.method == "GET"
        changes += not reads
        if reads or changes - 1 != at:
            return aws.plane.handle(request)
        answer = aws.plane.handle(request) if after else None
        started[0].kill()
        return answer

    with served(handle) as url:
        environ = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKID",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "XDG_STATE_HOME": str(tmp_path / "state"),
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        command = [sys.executable, "-m", "bench", "run", "--headless", str(tmp_path / "sweep.toml")]
        command += ["--out", str(tmp_path / "runs")]
        started.append(subprocess.Popen(command, env=os.environ | {"PYTHONPATH": package_root()}))
        assert started[0].wait(120) == -signal.SIGKILL
        assert aws.whole != before
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        found = CliRunner().invoke(restore, [], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    assert aws.whole == before
