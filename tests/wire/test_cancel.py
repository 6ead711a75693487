"""Exchanges that are ended before their time, and what becomes of their connections."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from bench.model.outcome import Outcome
from bench.model.profile import Connections, Timeouts
from bench.wire.http2 import Http2Pool
from bench.wire.process import CommandAdapter, CommandWire
from tests.wire.rawserver import Script as Served
from tests.wire.rawserver import answering, raw_server, read_request
from tests.wire.test_http2 import POST, serve_h2, speaks_h2
from tests.wire.test_pool import OK, Probe, pool_to
from tests.wire.test_pool_waits import Openings, ended
from tests.wire.test_pool_waits import openings as openings  # a fixture
from tests.wire.test_process import Script
from tests.wire.test_tls_and_proxy import AUTHORITY

LATE = "not done before the deadline, 1s"
PATIENT = Timeouts()


def answering_when(told: asyncio.Event, asked: asyncio.Semaphore) -> Served:
    """Counts each request, and answers it once it is told to."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            asked.release()
            await told.wait()
            writer.write(OK)

    return script


async def test_one_exchange_ends_and_the_others_go_on() -> None:
    told, asked = asyncio.Event(), asyncio.Semaphore(0)
    async with raw_server(answering_when(told, asked)) as origin, pool_to(origin, PATIENT) as pool:
        one, *others = probes = [Probe() for _ in range(3)]
        for probe in probes:
            pool.submit(probe)
            await asyncio.wait_for(asked.acquire(), 5)
        pool.cancel({one}, LATE)
        assert (one.failure, one.detail, one.times_finished) == (Outcome.TIMEOUT, LATE, 1)
        assert one.last_ns > one.sent_ns > 0
        assert pool.stats().open == 2, "an answer to come would be taken for another's"
        told.set()
        await ended(*others)
        assert [probe.failure for probe in others] == [None, None]
        pool.cancel({one, *others}, LATE)
        assert [probe.times_finished for probe in probes] == [1, 1, 1], "nothing is under way"


async def test_one_that_waits_for_a_connection_ends_and_leaves_it_to_the_others(
    openings: Openings,
) -> None:
    async with raw_server(answering(OK)) as origin, pool_to(origin, PATIENT) as pool:
        one, other = Probe(), Probe()
        gates = await openings.of(one, other, pool=pool)
        pool.cancel({one}, LATE)
        assert (one.failure, one.sent_ns) == (Outcome.TIMEOUT, -1)
        gates[0].set_result(None)
        await ended(other)
        assert other.failure is None
        gates[1].set_result(None)


async def test_over_http2_the_connection_stays_good(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    options = Connections(ca_bundle=str(bundle), http2=True)
    async with raw_server(serve_h2, speaks_h2()) as origin:
        pool = Http2Pool(origin, PATIENT, options)
        first, stuck, last = Probe(POST), Probe(POST.replace(b"/path", b"/silent")), Probe(POST)
        pool.submit(first)
        await ended(first)
        pool.submit(stuck)
        while stuck.sent_ns < 0:  # noqa: ASYNC110 - turns of the loop, not a wait
            await asyncio.sleep(0)
        pool.cancel({stuck}, LATE)
        assert (stuck.failure, stuck.detail) == (Outcome.TIMEOUT, LATE)
        pool.submit(last)
        await ended(last)
        assert (last.failure, last.status) == (None, 200)
        assert pool.stats().opened == 1
        assert stuck.times_finished == 1
        pool.close()


@pytest.mark.parametrize("again", [False, True])
async def test_a_process_is_killed_and_its_exchange_can_go_out_again(
    tmp_path: Path, again: bool
) -> None:
    pipe = tmp_path / "pid"
    os.mkfifo(pipe)
    code = f"import os,signal\nopen({str(pipe)!r},'w').write(str(os.getpid()))\nsignal.pause()"
    script = Script(code)
    wire = CommandWire(script, PATIENT)
    probe = Probe(CommandAdapter(script, 1 << 20).request(b"{}", 0))
    wire.submit(probe)
    pid = int(await asyncio.to_thread(pipe.read_text))
    wire.cancel({probe}, LATE)
    assert (probe.failure, probe.times_finished) == (Outcome.TIMEOUT, 1)
    if again:
        probe.reset(probe.request)
        wire.submit(probe)
        await asyncio.to_thread(pipe.read_text)
        assert (probe.failure, probe.times_finished) == (None, 1)
        wire.close()
    await asyncio.gather(*wire._tasks, return_exceptions=True)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
