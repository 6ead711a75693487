"""Which reports of a node have come, and what they say against it. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bench.model.outcome import Reason, Verdict
from bench.record.delta import Span


@dataclass(slots=True)
class NodeReports:
    """What has come of a node: numbers as spans in ascending order, none next to another.

    coarse_s: seconds that it could not tell one by one; width_s: the longest it told as one.
    """

    spans: list[tuple[int, int]] = field(default_factory=list)
    coarse_s: int = 0
    width_s: int = 1

    @property
    def last(self) -> int:
        """The highest number that has come, 0 before the first."""
        return self.spans[-1][1] if self.spans else 0

    @property
    def missing(self) -> int:
        """How many below the highest have not come."""
        return self.last - sum(last - first + 1 for first, last in self.spans)

    def known(self, span: Span) -> int:
        """How many of these numbers have come."""
        return sum(
            max(0, min(last, span.last) - max(first, span.first) + 1) for first, last in self.spans
        )

    def add(self, span: Span) -> None:
        """These have come, none of them before."""
        self.coarse_s += span.coarse_s
        if span.coarse_s:
            self.width_s = max(self.width_s, span.width_s)
        at = bisect_right(self.spans, (span.first, span.last))
        first, last = span.first, span.last
        if at < len(self.spans) and self.spans[at][0] == last + 1:
            last = self.spans.pop(at)[1]
        if at and self.spans[at - 1][1] == first - 1:
            first = self.spans.pop(at - 1)[0]
            at -= 1
        self.spans.insert(at, (first, last))


def node_reasons(nodes: Mapping[int, NodeReports]) -> Iterable[Reason]:
    """What is missing for good, and what could not be told second by second."""
    for node, reports in sorted(nodes.items()):
        if reports.missing:
            text = (
                f"node {node}: {reports.missing:,} of {reports.last:,} reports are missing: nobody"
                " asked for them for too long, or they were lost; their calls are in no figure"
            )
            yield Reason(Verdict.INVALID, text)
        if reports.coarse_s:
            text = (
                f"node {node} could not report for a while: {reports.coarse_s:,} s are told in"
                f" steps of up to {reports.width_s} s; totals are exact, seconds are not"
            )
            yield Reason(Verdict.SUSPECT, text)
