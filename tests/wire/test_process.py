"""Exchanges that are processes."""

from __future__ import annotations

import asyncio
import sys

import pytest

from bench.endpoints.base import UNSEEN, CommandLine
from bench.model.outcome import Answer, Outcome
from bench.model.profile import Connections, Timeouts
from bench.model.proxies import Proxies
from bench.model.times import NS_PER_MS
from bench.wire.process import CommandAdapter, CommandWire
from tests.wire.test_pool import Probe


class Script:
    """Runs Python code with the event on stdin; answers with what came out."""

    def __init__(self, code: str, program: str = sys.executable, unseen: bytes = b"") -> None:
        self._argv = (program, "-c", code, f"from {UNSEEN}")
        self._unseen = unseen

    def command(self, event: bytes) -> CommandLine:
        return CommandLine(self._argv, {"LAMLOAD_TEST": "laid over"}, event, self._unseen)

    def classify_process(self, returncode: int, stdout: bytes, stderr: bytes) -> Answer:
        outcome = Outcome.OK if returncode == 0 else Outcome.CLIENT_ERROR
        said = f"{returncode} {stdout.decode()} {stderr.decode()}"
        return Answer(outcome, detail=said)


async def run(
    script: Script,
    event: bytes = b"{}",
    total_ms: int = 20_000,
    options: Connections | None = None,
    origin: str = "https://lambda.us-east-1.amazonaws.com",
) -> tuple[Probe, Answer]:
    wire = CommandWire(script, Timeouts(total_ns=total_ms * NS_PER_MS), options, origin)
    adapter = CommandAdapter(script, 1 << 20)
    probe = Probe(adapter.request(event, 0))
    wire.submit(probe)
    await asyncio.wait_for(probe.done, 30)
    if probe.failure is not None:
        return probe, Answer(probe.failure, detail=probe.detail)
    return probe, adapter.classify(probe.status, probe.head, probe.body)


async def test_the_event_goes_in_and_both_outputs_come_back() -> None:
    code = (
        "import os,sys; print(open('/dev/stdin').read(), os.environ['LAMLOAD_TEST']);"
        "open('/dev/stdout','a').write('by name'); sys.stderr.write('err')"
    )
    probe, answer = await run(Script(code), b'{"n": 1}')
    assert answer.outcome is Outcome.OK
    for part in ('{"n": 1} laid over', "by name", "err"):
        assert part in answer.detail
    assert probe.sent_ns < probe.last_ns


async def test_what_nobody_may_see_in_ps_is_read_from_a_pipe() -> None:
    code = "import sys; print(sys.argv[1], open(sys.argv[1].removeprefix('from ')).read())"
    _, answer = await run(Script(code, unseen=b"a secret"))
    assert answer.outcome is Outcome.OK
    assert "from /dev/fd/" in answer.detail
    assert answer.detail.count("a secret") == 1


SHOWN = (
    "import os,sys; print(*[os.environ.get(name, '-') for name in "
    "('HTTPS_PROXY', 'NO_PROXY', 'AWS_CA_BUNDLE')], *sys.argv[2:])"
)


@pytest.mark.parametrize(
    ("options", "origin", "said"),
    [
        (Connections(proxy="http://u:p@p:1"), "https://a.example", "0 http://u:p@p:1  - \n "),
        (Connections(ca_bundle="own.pem"), "https://a.example", "0 - * own.pem\n "),
        (Connections(verify_tls=False), "https://a.example", "0 - * - --no-verify-ssl\n "),
        (
            Connections(proxies=Proxies(https="http://p:2", exceptions=("b.example",))),
            "https://b.example",
            "0 - * -\n ",
        ),
    ],
)
async def test_a_command_reaches_its_origin_as_connections_do(
    options: Connections, origin: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "NO_PROXY", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    _, answer = await run(Script(SHOWN), options=options, origin=origin)
    assert answer.detail.split() == said.split()


@pytest.mark.parametrize(
    ("code", "said"),
    [("raise SystemExit(255)", "255 "), ("import os; os.kill(os.getpid(), 9)", "-9 ")],
)
async def test_the_way_a_process_ends_reaches_the_endpoint(code: str, said: str) -> None:
    _, answer = await run(Script(code))
    assert answer.outcome is Outcome.CLIENT_ERROR
    assert answer.detail.startswith(said)


async def test_a_process_that_takes_too_long_is_killed() -> None:
    probe, answer = await run(Script("import signal; signal.pause()"), total_ms=300)
    assert (answer.outcome, answer.detail) == (Outcome.TIMEOUT, "not done within 300 ms")
    assert probe.last_ns - probe.sent_ns < 5_000 * NS_PER_MS


async def test_a_command_that_is_not_there_is_a_connect_error() -> None:
    _, answer = await run(Script("", program="/no/such/program"))
    assert answer.outcome is Outcome.CONNECT_ERROR
    assert answer.detail == "/no/such/program: no such file or directory"
