"""One, two and four nodes: the same arrivals exactly, and histograms that add up."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic_ns

import numpy as np
import pytest

from bench.load.fleets.nodes import NodeFleet
from bench.load.frames import FrameKind, Start
from bench.load.node_process import ProcessNodes
from bench.load.schedule import arrivals
from bench.model.endpoint import EndpointKind
from bench.model.profile import Arrivals, Phase, Target, TargetKind, Variant
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.merger import Merger
from bench.record.row_layout import ROW_FIELDS
from bench.shapes.ramp import constant_rate
from tests.load.fleets.orders import order
from tests.record.build import profile_of, together
from tests.record.test_delta import _plain
from tests.wire.rawserver import answering, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PROFILE = replace(
    profile_of(
        variants=[Variant(EndpointKind.HTTP)],
        phases=[Phase("steady", constant_rate(300.0, NS_PER_S))],
        record_attempts=True,
    ),
    target=Target(TargetKind.HTTP, urls={EndpointKind.HTTP: "http://127.0.0.1:1/"}),
)


@pytest.mark.parametrize("nodes", [1, 2, 4])
async def test_any_number_of_nodes_sends_the_seeded_schedule_and_reports_what_was_sent(
    nodes: int,
) -> None:
    plan = together(PROFILE)
    merged, of_rows = Aggregate(PROFILE, plan), Aggregate(PROFILE, plan)
    merger = Merger(merged, lambda _: None)
    rows: list[bytes] = []
    async with raw_server(answering(OK)) as url:
        fleet = NodeFleet(ProcessNodes(nodes), profile=PROFILE)
        load = replace(order(url).load, arrivals=Arrivals.POISSON, seed=7)
        orders = [replace(order(url, i, nodes), load=load) for i in range(nodes)]
        try:
            await fleet.hosts()
            await fleet.start(orders)
            fleet.broadcast(FrameKind.START, Start(monotonic_ns() + 300 * NS_PER_MS, plan.segments))
            async for _, frame in fleet.frames():
                assert frame.kind not in (FrameKind.FAILED, FrameKind.UNSENT), frame.payload
                if frame.kind is FrameKind.REPORTS:
                    for data in frame.payload.deltas:
                        assert merger.add(data), "nothing comes twice"
                    frame.payload.taken(merger.acknowledged)
                elif frame.kind is FrameKind.ATTEMPTS:
                    rows.append(frame.payload.rows)
        finally:
            await fleet.close()
    packed = np.frombuffer(b"".join(rows), list(ROW_FIELDS))
    scheduled = [at for s in plan.segments for at, _ in arrivals(s, Arrivals.POISSON, 7, 0, 1)]
    assert sorted(packed["intended_ns"].tolist()) == scheduled
    assert len(merger.nodes) == nodes
    of_rows.add_rows(0, b"".join(rows))
    for aggregate in (merged, of_rows):
        aggregate.advance(3 * NS_PER_S)
    assert _plain(merged.curves()) == _plain(of_rows.curves())
    assert merged.totals()[0].tally.offered == len(scheduled)
