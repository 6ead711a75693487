"""The half of the record that stands at the coordinator: deltas of nodes in, each counted once.

Which reports have come is kept as spans of their numbers, so that one that comes twice changes
nothing, the order does not matter, and what is missing is known.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.model.result import Sample
from bench.record.aggregate import Aggregate
from bench.record.delta import Delta, DeltaError
from bench.record.delta_encoding import decode_delta
from bench.record.node_reports import NodeReports


class Merger:
    """Deltas into an aggregate, in which they count from its next `advance` on."""

    def __init__(self, aggregate: Aggregate, keep_sample: Callable[[Sample], None]) -> None:
        """keep_sample: hears of each failed attempt that a delta tells of."""
        self._aggregate = aggregate
        self._keep_sample = keep_sample
        self.nodes: dict[int, NodeReports] = {}
        """By number, those that have reported."""

    def add(self, data: bytes) -> bool:
        """An encoded delta; False if it has come before. Raises DeltaError for what is none."""
        delta = decode_delta(data)
        if not self._aggregate.admits(delta):
            raise DeltaError("a delta of another run: it has variants or times that this one lacks")
        if not self._is_new(delta):
            return False
        for span in delta.covers:
            self.nodes.setdefault(span.node, NodeReports()).add(span)
        for sample in delta.samples:
            self._keep_sample(sample)
        self._aggregate.merge(delta)
        return True

    def _is_new(self, delta: Delta) -> bool:
        """Raises DeltaError for one of which a part is known: it cannot be taken apart."""
        if not delta.covers:
            raise DeltaError("a delta of no node")
        known = sum(self._reports(span.node).known(span) for span in delta.covers)
        if known and known < sum(span.last - span.first + 1 for span in delta.covers):
            raise DeltaError(
                f"a delta of which a part has come before (node {delta.covers[0].node}):"
                " what was added once has to stay together"
            )
        return not known

    def _reports(self, node: int) -> NodeReports:
        return self.nodes.get(node) or NodeReports()

    def acknowledged(self, node: int) -> int:
        """What a node may be told once all that it gave out last was added; 0 for nothing.

        It gives out the oldest first, so that a number missing below is one that it has given up.
        """
        return self._reports(node).last
