"""One cell of the table of a fleet, in a process of its own: `PART NODES SECONDS FOLDER`.

`record` writes what the nodes report; `coordinator` merges it, second by second, beside a view and
with all files written; `tree` does so behind machines that add up what many nodes each report.
Prints figures as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct
from time import process_time

from bench.load.branch import BRANCH_NODES
from bench.load.collector import Collector
from bench.load.run_writer import RunWriter
from bench.model.times import NS_PER_S
from bench.plan import make_plan
from bench.profile import resolved_toml
from bench.record.aggregate import Aggregate
from bench.record.delta import Span, added
from bench.record.delta_encoding import encode_delta, with_covers
from bench.record.folder import RunFolder
from bench.record.merger import Merger
from bench.record.reducer import Reducer
from bench.record.report_sums import summed_reports
from tests.benchmarks.fleet_rows import RecordedNode, fleet_profile, later
from tests.benchmarks.growth_cell import peak_mb

RECORDED = 16
"""Nodes with reports of their own; of more than that, several report the same."""
WARM_S = 5
"""The first seconds are not in the figures."""
TICKS_PER_S = 4
_QUICK = 1
"""Of zlib's levels: how well a report is packed matters little to who unpacks it."""
_LENGTH = Struct("<I")


def _record(_nodes: int, seconds: int, root: Path) -> dict[str, float]:
    """A file per second, with one report of each node and each branch."""
    reports = [RecordedNode(number).report() for number in range(RECORDED)]
    branch = added([reports[node % RECORDED] for node in range(BRANCH_NODES)])
    size = sum(len(encode_delta(later(report, 0))) for report in reports)
    for second in range(seconds - 2):
        encoded = [encode_delta(later(one, second), _QUICK) for one in (*reports, branch)]
        packed = b"".join(_LENGTH.pack(len(data)) + data for data in encoded)
        (root / f"{second}.reports").write_bytes(packed)
    return {
        "report_kb": size / RECORDED / 1000,
        **_reducer_cost(seconds),
        **_branch_cost(root),
    }


def _reducer_cost(seconds: int) -> dict[str, float]:
    """CPU of a node's reducer for a second, from rows to bytes."""
    profile = fleet_profile(seconds)
    node = Reducer(0, profile, make_plan(profile).segments)
    shipments = RecordedNode(0).shipments()
    begun, rounds = process_time(), 20
    for number in range(1, rounds + 1):
        for rows, counts in shipments:
            node.add_counts(counts)
            node.add_rows(rows)
        node.take()
        node.acknowledge(number)
    return {"reducer_cpu": (process_time() - begun) / rounds}


def _branch_cost(root: Path) -> dict[str, float]:
    """CPU of a machine of the tree for a second of its nodes, from bytes to bytes."""
    *own, _ = _reports(root, 0)
    reports = [own[node % RECORDED] for node in range(BRANCH_NODES)]
    begun, rounds = process_time(), 5
    for _ in range(rounds):
        size = sum(map(len, summed_reports(reports)))
    return {"branch_cpu": (process_time() - begun) / rounds, "branch_kb": size / 1000}


def _reports(root: Path, second: int) -> Iterator[bytes]:
    packed = (root / f"{second}.reports").read_bytes()
    at = 0
    while at < len(packed):
        (length,) = _LENGTH.unpack_from(packed, at)
        yield packed[at + _LENGTH.size : at + _LENGTH.size + length]
        at += _LENGTH.size + length


def _coordinator(nodes: int, seconds: int, root: Path) -> dict[str, float]:
    def reports(second: int) -> Iterator[bytes]:
        *own, _ = _reports(root, second)
        for node in range(nodes):
            yield with_covers(own[node % RECORDED], (Span(node, second + 1, second + 1),))

    return _merged(seconds, root, reports)


def _tree(nodes: int, seconds: int, root: Path) -> dict[str, float]:
    def reports(second: int) -> Iterator[bytes]:
        *_, branch = _reports(root, second)
        for first in range(0, nodes, BRANCH_NODES):
            covers = (
                Span(node, second + 1, second + 1) for node in range(first, first + BRANCH_NODES)
            )
            yield with_covers(branch, tuple(covers))

    return _merged(seconds, root, reports)


def _merged(
    seconds: int, root: Path, reports: Callable[[int], Iterator[bytes]]
) -> dict[str, float]:
    profile = fleet_profile(seconds)
    aggregate = Aggregate(profile, make_plan(profile))
    now_ns = 0
    writer = RunWriter(profile, aggregate, lambda: now_ns)
    collector = Collector(profile, aggregate, writer.note)
    writer.open(RunFolder.create(root, profile, resolved_toml(profile), {}))
    merger = Merger(aggregate, lambda _: None)
    merging_s = spent_s = 0.0
    for second in range(seconds - 2):
        coming = list(reports(second))
        merging_s, spent_s = (0.0, 0.0) if second == WARM_S else (merging_s, spent_s)
        for tick in range(TICKS_PER_S):
            now_ns = (second + 2) * NS_PER_S + tick * NS_PER_S // TICKS_PER_S
            begun = process_time()
            for data in coming[tick::TICKS_PER_S]:
                merger.add(data)
            aggregate.advance(now_ns)
            merging_s += process_time() - begun
            writer.add_settled(collector.drain_vitals(now_ns))
            collector.judged(running=True, interrupted=False, target={}, ended_by=())
            aggregate.pulse()
            aggregate.changed()
            spent_s += process_time() - begun
    told_s = seconds - 2 - WARM_S
    return {"merging": merging_s / told_s, "cpu": spent_s / told_s, "mb": peak_mb()}


PARTS = {"record": _record, "coordinator": _coordinator, "tree": _tree}


if __name__ == "__main__":
    told = PARTS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    print(json.dumps(told))
