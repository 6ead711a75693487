"""A recorded run with a bit of everything: timeouts, few samples, a door, hostile names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from bench.model.endpoint import EndpointKind
from bench.model.live import RunEvent
from bench.model.outcome import Outcome, Reason, Verdict
from bench.model.profile import Phase, Slo, Variant
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.aggregate import Aggregate
from bench.record.evidence import Evidence
from bench.record.folder import RunFolder
from bench.record.recorded_run import RecordedRun
from bench.record.validity import judge
from bench.shapes.ramp import constant_rate
from bench.stats.thresholds import evaluate
from tests.record.build import DOOR, LARGE, SMALL, Shipment, profile_of, row, together

RARE = Variant(EndpointKind.REST, 1769)
"""Five calls: nothing of it is known."""

TITLE = 'Is <script>alert("1")</script> & co fast?'


def recorded(root: Path, *, slos: tuple[Slo, ...] = (), seconds: int = 20) -> RecordedRun:
    """SMALL is slow and half timed out, LARGE and DOOR are fast, RARE was hardly called."""
    phases = (
        Phase("warm-up", constant_rate(5.0, NS_PER_S), measured=False),
        Phase("steady", constant_rate(10.0, seconds * NS_PER_S)),
    )
    profile = replace(profile_of((SMALL, LARGE, DOOR, RARE), phases, slos=slos), title=TITLE)
    plan = together(profile)
    aggregate = Aggregate(profile, plan)
    folder = RunFolder.create(root, profile, f"title = '''{TITLE}'''\n", {})
    folder.event(RunEvent(0, "start", "off we <go>"))
    load(seconds).to(aggregate)
    aggregate.advance((seconds + 1) * NS_PER_S)
    curves = aggregate.curves()
    judgement = judge(profile, aggregate.totals(), Evidence(interrupted=True))
    reasons = [*judgement.reasons, Reason(Verdict.SUSPECT, "too <warm>", LARGE.name)]
    return folder.finish(
        judgement.windows,
        aggregate.intervals(),
        reasons,
        judgement.verdict,
        [evaluate(slo, judgement.windows, curves) for slo in slos],
        curves=curves,
        histograms=aggregate.closed_histograms(final=True),
    )


def load(seconds: int) -> Shipment:
    random = Random(4)
    shipment = Shipment()
    for variant, median_ms, each_s in ((0, 400, 10), (1, 40, 10), (2, 45, 10)):
        for i in range(seconds * each_s):
            at_ns = NS_PER_S + i * NS_PER_S // each_s
            late = variant == 0 and i % 2 == 1
            shipment.offer(at_ns, variant, 1)
            shipment.rows.append(
                row(
                    at_ns,
                    variant=variant,
                    segment=1,
                    outcome=Outcome.TIMEOUT if late else Outcome.OK,
                    answered=not late,
                    response_ns=3 * NS_PER_S
                    if late
                    else round(median_ms * NS_PER_MS * random.lognormvariate(0, 0.1)),
                    billed_ms=-1 if late or variant == 2 else median_ms,
                    duration_ns=-1 if late or variant == 2 else median_ms * NS_PER_MS,
                )
            )
    for i in range(5):
        shipment.offer(NS_PER_S + i, 3, 1)
        shipment.rows.append(row(NS_PER_S + i, variant=3, segment=1))
    shipment.offer(NS_PER_S, 3, 1, drop=True)
    return shipment
