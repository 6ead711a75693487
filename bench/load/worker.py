"""An engine in a process of its own: `python -m bench.load.worker`, frames on stdin and stdout.

Garbage collection is off while it runs: the hot path makes no reference cycles. What else does
(a failed connection's traceback) is collected when a shipment falls into a quiet moment, in which
nothing is due and no answer on its way.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic_ns, time
from typing import TYPE_CHECKING, Any

from bench.aws.credentials import Credentials
from bench.endpoints.base import Endpoint
from bench.endpoints.contract import response_check
from bench.endpoints.registry import command_endpoint_for, endpoint_for
from bench.errors import LamloadError
from bench.load.clock import open_clock
from bench.load.engine import Engine
from bench.load.frames import Frame, FrameKind, Ready, WorkOrder, encode, hello, read_frame
from bench.load.precise import PreciseEngine
from bench.load.run_zero import RunZero
from bench.load.scheduling import lacks, take
from bench.load.silence import GIVEN_UP_NS
from bench.load.worker_health import MeasuredWire, OwnHealth
from bench.model.load import Binding
from bench.model.profile import Client, Connections, Pacing, Timeouts
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.payloads.mixture import Mixture
from bench.payloads.source import EventSource, event_source
from bench.record.row_layout import MOST_PAYLOADS, without_receipts
from bench.wire.pool import ConnectionPool
from bench.wire.receipts import ReceiptClock
from bench.wire.warm_path import WarmPath

if TYPE_CHECKING:
    from bench.wire.process import CommandWire

SHIP_EVERY_NS = 250 * NS_PER_MS
TIDY_AT_LEAST_NS = 30 * NS_PER_S
"""Without a moment in which nothing is under way, garbage is collected as seldom as this."""
QUIET_NS = 3 * NS_PER_MS
"""A full collection of a worker's heap takes one to two milliseconds."""


class Worker:
    """Carries out one WorkOrder, from START to DONE."""

    def __init__(self, order: WorkOrder, writer: asyncio.WriteTransport) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._order = order
        self._writer = writer
        self._receipts = ReceiptClock()
        self._pools: dict[object, MeasuredWire] = {}
        """By all that a pool depends on."""
        self._commands: dict[str, CommandWire] = {}
        """Those of them that start processes, by the variant's name."""
        self._endpoints: list[Endpoint] = []
        wires: list[MeasuredWire] = []
        for binding, client in zip(order.bindings, order.clients, strict=True):
            endpoint, wire = self._open(binding, client)
            self._endpoints.append(endpoint)
            wires.append(wire)
        events = _sources(order.clients, order.load.seed)
        self.ended = asyncio.Event()
        is_precise = order.load.pacing is Pacing.PRECISE
        self._warm_path = WarmPath() if is_precise else None
        self._clock = open_clock(loop, lambda: None, self._meanwhile if is_precise else None)
        self._engine = (PreciseEngine if is_precise else Engine)(
            clock=self._clock,
            endpoints=self._endpoints,
            wires=wires,
            events=events,
            checks=[
                response_check(binding.variant.endpoint, source)
                for binding, source in zip(order.bindings, events, strict=True)
            ],
            load=order.load,
            retries=[client.retry for client in order.clients],
            breakers=[client.breaker for client in order.clients],
            done=self.ended.set,
            worker=order.worker,
            workers=order.workers,
            keep_request_ids=order.keep_request_ids,
            quota=order.quota,
            choose=chooser(events[0]),
            wall_s=lambda: time() - order.wall_ahead_s,
        )
        self._clock.callback = self._pump_awake if order.lease_ns else self._engine.pump
        if isinstance(self._engine, PreciseEngine) and self._warm_path is not None:
            pools = self._pools.values()
            self._engine.read_ready = [p.read_ready for p in pools if isinstance(p, ConnectionPool)]
            self._engine.keep_warm = self._warm_path.walk
        self._health = OwnHealth(order.worker, SHIP_EVERY_NS)
        self._tidied_ns = monotonic_ns()
        self._ship_timer: asyncio.TimerHandle | None = None
        self._told_ns = self._tidied_ns
        """When it was last told anything."""
        self._zero = RunZero()
        self._awake_ns: int | None = None
        """When it was last seen to run, under load."""
        self._has_told = False
        """That the quota is used up."""
        self._has_told_end = False
        """And that the last of it has been answered."""

    def obey(self, frame: Frame) -> None:
        """Carry out one command of the coordinator's."""
        engine, payload = self._engine, frame.payload
        self._told_ns = monotonic_ns()
        self._check_awake()
        if frame.kind is FrameKind.START:
            self._awake_ns = monotonic_ns()
            gc.collect()
            gc.freeze()
            gc.disable()
            self._health.restart()
            self._zero.begin(payload.start_ns)
            engine.start(payload.segments, payload.start_ns, payload.finish)
            self._ship_later()
        elif frame.kind is FrameKind.REPLAN:
            engine.replan(payload.at_ns, payload.segments, payload.finish)
        elif frame.kind is FrameKind.DRAIN:
            engine.drain()
        elif frame.kind is FrameKind.ABORT:
            engine.abort()
        elif frame.kind is FrameKind.CREDENTIALS:
            self._renew(payload)
        elif frame.kind is FrameKind.CLOCK:
            self._zero.correct(payload)

    def ship(self) -> None:
        """Send what has gathered since the last time."""
        clock_was_set = not self._receipts.measure()
        rows, counts, samples, request_ids = self._engine.collect()
        if counts:
            self._send(FrameKind.COUNTS, counts)
        if request_ids:
            self._send(FrameKind.REQUEST_IDS, request_ids)
        if rows:
            self._send(FrameKind.ROWS, without_receipts(rows) if clock_was_set else rows)
        if samples:
            self._send(FrameKind.SAMPLES, samples)
        if self._engine.used_up_ns is not None and not self._has_told:
            self._has_told = True
            self._send(FrameKind.USED_UP, self._engine.used_up_ns)
        if self._has_told and self._engine.ended_ns is not None and not self._has_told_end:
            self._has_told_end = True
            self._send(FrameKind.USED_UP, self._engine.ended_ns)
        self._send(FrameKind.HEALTH, self._health.tell(self._engine, self._pools.values()))

    def close(self) -> None:
        """Ship the rest and give everything back."""
        if self._ship_timer is not None:
            self._ship_timer.cancel()
        self.ship()
        self._clock.close()
        if self._warm_path is not None:
            self._warm_path.close()
        for pool in self._pools.values():
            pool.close()

    def _meanwhile(self, away_ns: int) -> bool:
        return isinstance(self._engine, PreciseEngine) and self._engine.meanwhile(away_ns)

    def _open(self, binding: Binding, client: Client) -> tuple[Endpoint, MeasuredWire]:
        """A variant's endpoint and the wire under it; variants called alike share a pool."""
        order = self._order
        target = replace(order.target, events=client.events)
        if binding.variant.endpoint.facts.is_command:
            from bench.wire.process import CommandAdapter, CommandWire

            command = command_endpoint_for(binding, target, order.credentials)
            wire = CommandWire(command, client.timeouts, client.connections, binding.url)
            self._pools[binding.variant.name] = self._commands[binding.variant.name] = wire
            limit = binding.variant.endpoint.facts.answer_limit_bytes
            return CommandAdapter(command, limit), wire
        endpoint = endpoint_for(binding, target, order.credentials)
        return endpoint, self._pool(endpoint.origin, client.timeouts, client.connections)

    def _pool(self, origin: str, timeouts: Timeouts, options: Connections) -> MeasuredWire:
        key = origin, timeouts, options
        if key not in self._pools:
            self._pools[key] = open_pool(origin, timeouts, options, self._receipts)
        return self._pools[key]

    def _renew(self, credentials: Credentials) -> None:
        self._order = order = replace(self._order, credentials=credentials)
        for index, (binding, client) in enumerate(zip(order.bindings, order.clients, strict=True)):
            target = replace(order.target, events=client.events)
            if binding.variant.endpoint.facts.is_command:
                command = command_endpoint_for(binding, target, credentials)
                self._commands[binding.variant.name].call_by(command)
            else:
                self._endpoints[index] = endpoint_for(binding, target, credentials)

    def _ship_later(self) -> None:
        self._ship_timer = self._loop.call_later(SHIP_EVERY_NS / NS_PER_S, self._ship_and_tidy)

    def _pump_awake(self) -> None:
        self._check_awake()
        self._engine.pump()

    def _check_awake(self) -> None:
        """Raises LamloadError, and ends the load, once this process has stood still for too long.

        On a fleet it counts as lost then, and its share as not sent: it is not to be sent now.
        """
        now_ns, before_ns = monotonic_ns(), self._awake_ns
        if before_ns is None or not self._order.lease_ns:
            return
        if now_ns - before_ns > GIVEN_UP_NS:
            self._engine.abort()
            raise LamloadError(f"stood still for {(now_ns - before_ns) / NS_PER_S:.1f} s")
        self._awake_ns = now_ns

    def _ship_and_tidy(self) -> None:
        self._check_awake()
        lease_ns = self._order.lease_ns
        if lease_ns and monotonic_ns() - self._told_ns > lease_ns:
            self._engine.abort()
            return
        self.ship()
        self._follow_clock()
        self._tidy()
        self._ship_later()

    def _follow_clock(self) -> None:
        engine = self._engine
        step_ns = self._zero.step_ns(engine.start_ns, engine.quiet_for_ns())
        if step_ns:
            engine.move_zero(step_ns)

    def _tidy(self) -> None:
        """Collect garbage while nothing is due and no answer on its way; at times without that.

        Where something is always under way, the kernel's stamps keep the pause out of the times.
        """
        engine, now_ns = self._engine, monotonic_ns()
        waits_for_long = now_ns - self._tidied_ns > TIDY_AT_LEAST_NS
        is_idle = not engine.in_flight and not engine.beside
        if engine.quiet_for_ns() > QUIET_NS and (is_idle or waits_for_long):
            gc.collect()
            self._tidied_ns = now_ns

    def _send(self, kind: FrameKind, payload: object = None) -> None:
        _write(self._writer, encode(kind, payload))


def _sources(clients: Sequence[Client], seed: int) -> list[EventSource]:
    """Each variant's payloads; those who send the same share a source."""
    sources: list[EventSource] = []
    for at, client in enumerate(clients):
        alike = (sources[i] for i in range(at) if clients[i].events == client.events)
        sources.append(next(alike, None) or event_source(client.events, seed))
    return sources


def open_pool(
    origin: str,
    timeouts: Timeouts,
    options: Connections,
    receipts: ReceiptClock | None = None,
) -> MeasuredWire:
    """The wire that the profile's connections ask for."""
    if options.http2:
        from bench.wire.http2 import Http2Pool

        return Http2Pool(origin, timeouts, options)
    return ConnectionPool(origin, timeouts, options, receipts)


def chooser(events: EventSource) -> Callable[[int], int] | None:
    """What tells which event of a mix a number has, where a row has room to keep it."""
    is_kept = isinstance(events, Mixture) and len(events.sources) <= MOST_PAYLOADS
    return events.choose if isinstance(events, Mixture) and is_kept else None


def allow_descriptors(needed: int) -> None:
    """Raise this process's soft limit of file descriptors to what is needed, within the hard one.

    That it suffices was settled before the run: see bench.load.preflight.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Out(asyncio.BaseProtocol):
    """The pipe to the coordinator; closed is set when all is written or nobody reads any more."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.closed.set()


async def serve() -> None:
    """Read commands until the work has ended or the coordinator is gone."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    writer, out = await loop.connect_write_pipe(_Out, pipe)
    writer.write(encode(FrameKind.HELLO, hello()))
    first = await read_frame(reader)
    if first is not None:
        try:
            await _work(first.payload, reader, writer)
        except LamloadError as error:
            _write(writer, encode(FrameKind.FAILED, str(error)))
        except Exception:  # noqa: BLE001 - told to the coordinator, who ends the run with it
            _write(writer, encode(FrameKind.FAILED, traceback.format_exc()))
    writer.close()
    await out.closed.wait()


async def _work(
    order: WorkOrder, reader: asyncio.StreamReader, writer: asyncio.WriteTransport
) -> None:
    loop = asyncio.get_running_loop()
    broken: asyncio.Future[None] = loop.create_future()
    loop.set_exception_handler(lambda _, context: _break(broken, context))
    allow_descriptors(order.descriptors)
    scheduling = take(order.load.scheduling)
    worker = Worker(order, writer)
    _write(
        writer, encode(FrameKind.READY, Ready(scheduling, lacks(order.load.scheduling, scheduling)))
    )
    ends: set[asyncio.Future[Any]] = {
        loop.create_task(_obey_all(worker, reader)),
        loop.create_task(worker.ended.wait()),
        broken,
    }
    done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    worker.close()
    for end in done:
        end.result()  # what broke is told instead of DONE: nobody listens after that
    _write(writer, encode(FrameKind.DONE))


def _write(writer: asyncio.WriteTransport, frame: bytes) -> None:
    """Write unless the coordinator is gone: a transport that has closed raises in uvloop."""
    if not writer.is_closing():
        writer.write(frame)


def _break(broken: asyncio.Future[None], context: dict[str, Any]) -> None:
    """An exception in a callback would leave the engine waiting forever: end with it instead."""
    if not broken.done():
        error = context.get("exception") or RuntimeError(context["message"])
        broken.set_exception(error)


async def _obey_all(worker: Worker, reader: asyncio.StreamReader) -> None:
    while (frame := await read_frame(reader)) is not None:
        worker.obey(frame)


def main() -> None:
    """Entry point of the process. The coordinator alone answers to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve())
    else:
        uvloop.run(serve())


if __name__ == "__main__":
    main()
