"""A moment of load on a node against itself: whether its machine holds the instants of a schedule.

Nothing of it leaves the machine: the target is a server of the node's own on 127.0.0.1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.load.fleet import Fleet
from bench.load.frames import Frame, FrameKind, Start, WorkOrder
from bench.load.node_vitals import NodeVitals
from bench.model.endpoint import EndpointKind
from bench.model.live import NodeHealth
from bench.model.load import Binding, Segment
from bench.model.outcome import Outcome
from bench.model.profile import Arrivals, Client, LoadSpec, Target, TargetKind, Variant
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.row_layout import FLAG_FINAL, ROW_FIELDS
from bench.shapes.ramp import constant_rate

TRIAL_RPS = 200
TRIAL_S = 2
_BEGIN_NS = 300 * NS_PER_MS
"""From the order to the first arrival."""
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_HEAD_END = b"\r\n\r\n"
_ROW_TYPE = np.dtype(list(ROW_FIELDS))


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it; health is over the whole trial."""

    health: NodeHealth
    wanted: int
    answered: int


async def tried(name: str, fleet: Fleet, now_ns: Callable[[], int]) -> Trial:
    """TRIAL_RPS for TRIAL_S from one engine worker of a fleet that has started none.

    Raises LamloadError where the worker does not start. The fleet is closed in any case.
    """
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        await fleet.start([_order(f"http://127.0.0.1:{port}/")])
        start_ns = now_ns() + _BEGIN_NS
        vitals = NodeVitals(name, 1, start_ns)
        fleet.broadcast(FrameKind.START, Start(start_ns, (_segment(),)))
        answered = 0
        async for _, frame in fleet.frames():
            vitals.on_frame(frame)
            answered += _answered(frame)
        health = vitals.tick(max(now_ns(), start_ns + TRIAL_S * NS_PER_S))
    finally:
        await fleet.close()
        server.close()
    return Trial(health, TRIAL_RPS * TRIAL_S, answered)


def _segment() -> Segment:
    return Segment(0, 0, 0, (0,), 0, constant_rate(TRIAL_RPS, TRIAL_S * NS_PER_S))


def _order(url: str) -> WorkOrder:
    variant = Variant(EndpointKind.HTTP)
    return WorkOrder(
        worker=0,
        workers=1,
        target=Target(TargetKind.HTTP, urls={EndpointKind.HTTP: url}),
        bindings=(Binding(variant, url),),
        clients=(Client(),),
        load=LoadSpec(arrivals=Arrivals.EVEN),
    )


def _answered(frame: Frame) -> int:
    if frame.kind is not FrameKind.ROWS:
        return 0
    rows = np.frombuffer(frame.payload, _ROW_TYPE)
    ended = rows["flags"] & FLAG_FINAL > 0
    return int((ended & (rows["outcome"] == Outcome.OK)).sum())


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Requests without a body, one after another, until the client closes."""
    try:
        while True:
            await reader.readuntil(_HEAD_END)
            writer.write(_ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
