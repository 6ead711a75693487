"""What the workers' own reports say against a run. Pure.

Each threshold stands here with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable

from bench.model.outcome import Reason, Verdict
from bench.model.times import NS_PER_S
from bench.record.evidence import CPU_BUSY, Classes, HealthHistory

CPU_SUSPECT = 0.10
"""Share of a worker's reports that may be of more than CPU_BUSY."""
WAIT_SUSPECT = 0.10
"""Share of its time that a worker may wait for a core: so much later, on the average, does it do
all that it does."""
WAIT_INVALID = 0.50
STILL_SUSPECT = 0.01
"""Share of its time that a worker may stand still: whatever was due then is among the slowest."""
STILL_INVALID = 0.10


def busy_workers(health: HealthHistory) -> Iterable[Reason]:
    """Those that have no room left for a burst of their own schedule."""
    for worker, busy, reports in health.busy():
        if busy > CPU_SUSPECT * reports:
            text = (
                f"worker {worker} used more than {CPU_BUSY:.0%} of a core in {busy} of"
                f" {reports} reports: more workers or a lower rate"
            )
            yield Reason(Verdict.SUSPECT, text, generator=True)


def starved_workers(health: HealthHistory, classes: Classes) -> Iterable[Reason]:
    """Those that had no core when they could have run, or did nothing at all for a while."""
    named = f" ({classes.text})" if classes.text else ""
    for worker, share in health.core_waits():
        if share > WAIT_SUSPECT:
            text = (
                f"worker {worker} waited {share:.0%} of the time for a core: other programs have"
                f" it{named}"
            )
            yield Reason(graded(share, WAIT_INVALID), text, generator=True)
    for worker, share, longest_ns in health.stood_still():
        if share > STILL_SUSPECT:
            text = (
                f"worker {worker} stood still {share:.0%} of the time, once for"
                f" {longest_ns / NS_PER_S:.1f} s: it was stopped, or had no core"
            )
            yield Reason(graded(share, STILL_INVALID), text, generator=True)


def graded(share: float, invalid: float) -> Verdict:
    """What a share is worth that is too large already."""
    return Verdict.INVALID if share > invalid else Verdict.SUSPECT
