"""What a run has found so far: workers' frames in, figures and the judgement of them out."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.load.frames import Frame, FrameKind, Ready
from bench.load.run_writer import Note
from bench.model.live import BREAKER_CLOSED, BREAKER_OPEN, FAILURE_EVENT, NodeHealth, WorkerHealth
from bench.model.outcome import Outcome, Reason, Verdict
from bench.model.plain import plain
from bench.model.profile import Profile
from bench.model.result import Measure, Sample, Vitals, Window
from bench.record.aggregate import Aggregate
from bench.record.evidence import Classes, Evidence, HealthHistory, exhaustion, refused_caller
from bench.record.failures import like
from bench.record.merger import Merger
from bench.record.row_layout import arrivals_by_variant
from bench.record.validity import Judgement, judge
from bench.record.vitals import VitalSigns
from bench.stats.quantiles import Curve
from bench.stats.woodruff import precision

KEPT_VITALS = 3600
"""Seconds of the whole run's vitals that wait for a view; the file has them all."""
LOOK_AFTER = 1.05
"""How many times as many samples bring a new look at a half-width."""
NOTED_SAMPLES = 3
"""Reasons of a kind of failure (variant, outcome, status) that events.jsonl tells of."""
KEPT_SAMPLES = 500
"""Failed attempts that a live view can show; the files keep what they want."""


class Collector:
    """Results in the aggregate, and beside it what bears on whether they can be believed."""

    def __init__(self, profile: Profile, aggregate: Aggregate, note: Note) -> None:
        self._profile = profile
        self._aggregate = aggregate
        self._note = note
        self._health: dict[int, WorkerHealth] = {}
        self._health_history = HealthHistory()
        self._classes = Classes()
        self._samples: deque[Sample] = deque(maxlen=KEPT_SAMPLES)
        self._exhausted: dict[str, str] = {}
        """By variant: what this machine had no more of."""
        self._refused: dict[str, str] = {}
        """By variant: the code by which AWS turned this client away."""
        self._signed = {v.name for v in profile.variants if v.endpoint.facts.service is not None}
        self._lost_words: dict[int, str] = {}
        self._unsent: Counter[str] = Counter()
        """By variant: arrivals of lost nodes' shares."""
        self._nodes: dict[str, NodeHealth] = {}
        """By name, in the order in which they were first heard."""
        self._seen: dict[tuple[str, Outcome, int], set[str]] = {}
        """Reasons that were noted of each kind of failure."""
        self._widths: dict[tuple[str, float, float], tuple[int, float | None]] = {}
        """By variant, quantile and confidence: samples and half-width at the latest look."""
        self._merger = Merger(aggregate, lambda sample: self._keep_sample(self._named(sample)))
        self._vital_signs = VitalSigns(aggregate)
        self._vitals: deque[Vitals] = deque(maxlen=KEPT_VITALS)

    def ready(self, workers: Sequence[Ready]) -> None:
        """What each worker got, before anything is sent."""
        remedies = dict.fromkeys(worker.remedy for worker in workers if worker.remedy)
        self._classes = Classes(tuple(w.scheduling for w in workers), "; ".join(remedies))

    def on_frame(self, worker: int, frame: Frame) -> None:
        """Take a worker's frame: results for the aggregate, the rest for the run's story."""
        kind, payload = frame.kind, frame.payload
        if kind is FrameKind.COUNTS:
            self._aggregate.add_counts(worker, payload)
        elif kind is FrameKind.ROWS:
            self._aggregate.add_rows(worker, payload)
        elif kind is FrameKind.HEALTH:
            self._note_breakers(worker, payload)
            self._health[worker] = payload
            self._health_history.add(payload)
        elif kind is FrameKind.SAMPLES:
            for sample in payload:
                self._keep_sample(self._named(sample))
        elif kind is FrameKind.FAILED:
            self._lose(worker, str(payload))
        else:
            self._on_fleet_frame(worker, kind, payload)

    def _on_fleet_frame(self, worker: int, kind: FrameKind, payload: Any) -> None:
        """What a fleet of nodes says of itself."""
        if kind is FrameKind.REPORTS:
            payload.taken(self.on_reports(payload.deltas))
        elif kind is FrameKind.UNSENT:
            self._aggregate.add_counts(worker, payload)
            for variant, arrivals in arrivals_by_variant(payload).items():
                self._unsent[self._profile.variants[variant].name] += arrivals
        elif kind is FrameKind.NODE:
            self._nodes[payload.name] = payload
        elif kind is FrameKind.NOTE:
            self._note(payload.kind, payload.text, **payload.fields)

    def on_reports(self, reports: Sequence[bytes]) -> Callable[[int], int]:
        """Merge what nodes gave out last; by a node's number, up to which it may forget its own.

        Raises DeltaError for one that is none, or of another version or run.
        """
        for data in reports:
            self._merger.add(data)
        return self._merger.acknowledged

    def _note_breakers(self, worker: int, health: WorkerHealth) -> None:
        """A breaker's change, at the resolution of a worker's reports."""
        before = self._health.get(worker)
        was_open = set(before.open_breakers) if before is not None else set()
        for index in sorted(was_open.symmetric_difference(health.open_breakers)):
            name = self._profile.variants[index].name
            kind = BREAKER_CLOSED if index in was_open else BREAKER_OPEN
            words = kind.replace("-", " ")
            self._note(kind, f"{name}: {words} in worker {worker}", variant=name, worker=worker)

    def _keep_sample(self, sample: Sample) -> None:
        """For the screens all of late, for the files the first of each kind."""
        self._samples.append(sample)
        if sample.outcome is Outcome.CONNECT_ERROR and (what := exhaustion(sample.detail)):
            self._exhausted[sample.variant] = what
        if sample.variant in self._signed and (code := refused_caller(sample)):
            self._refused[sample.variant] = code
        kind = (sample.variant, sample.outcome, sample.status)
        reasons = self._seen.setdefault(kind, set())
        reason = like(sample.detail)
        if reason not in reasons and len(reasons) < NOTED_SAMPLES:
            reasons.add(reason)
            self._note(
                FAILURE_EVENT,
                f"{sample.variant}: {sample.outcome.name.lower().replace('_', ' ')}",
                variant=sample.variant,
                outcome=sample.outcome.name.lower(),
                status=sample.status,
                attempt=sample.attempt,
                request_id=sample.request_id,
                detail=sample.detail,
            )

    def _named(self, sample: Sample) -> Sample:
        """The sample as it may be shown: what a target says comes in here and nowhere else."""
        secrets = self._profile.secrets
        return replace(
            sample,
            variant=self._profile.variants[int(sample.variant)].name,
            detail=plain(secrets.mask_said(sample.detail)),
            request_id=plain(secrets.mask_said(sample.request_id)),
        )

    def _lose(self, worker: int, words: str) -> None:
        name = f"engine worker {worker} "
        if words.startswith(name) and not words.startswith(f"{name}died"):
            self._lost_words[worker] = words.splitlines()[0].removeprefix(name)
        self._aggregate.worker_lost(worker)
        if worker in self._health:
            self._health[worker] = replace(self._health[worker], alive=False)
        self._note("worker-lost", words.splitlines()[-1] if words else "no word", worker=worker)

    def drain_vitals(self, now_ns: int) -> tuple[Vitals, ...]:
        """The seconds whose vitals can be told now; they are kept for a view as well."""
        vitals = self._vital_signs.tick(now_ns, self._health.values())
        self._vitals.extend(vitals)
        return vitals

    def fresh_vitals(self) -> tuple[Vitals, ...]:
        """Those that no view has had yet."""
        vitals = tuple(self._vitals)
        self._vitals.clear()
        return vitals

    @property
    def workers(self) -> tuple[WorkerHealth, ...]:
        """The latest report of each worker that has sent one."""
        return tuple(self._health.values())

    @property
    def nodes(self) -> tuple[NodeHealth, ...]:
        """The latest of each machine of a fleet of nodes; () for this machine alone."""
        return tuple(self._nodes.values())

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Failed attempts of late, oldest first."""
        return tuple(self._samples)

    def half_width(self, window: Window, q: float, confidence: float) -> float | None:
        """Half of the interval of a variant's quantile, relative to it; None unknown.

        It holds at any time: it is asked for as long as the run goes on. Only a twentieth more
        samples bring another answer, since nobody gains by looking more often.
        """
        name, count = window.variant.name, window.measure(Measure.RESPONSE).count
        looked_at, width = self._widths.get((name, q, confidence), (0, None))
        if looked_at and looked_at <= count < LOOK_AFTER * looked_at:
            return width
        curve = self._aggregate.curve(name, Measure.RESPONSE)
        width = None if curve is None else precision(curve, q, confidence, anytime=True)
        self._widths[name, q, confidence] = count, width
        return width

    def _send_lags(self) -> dict[str, Curve]:
        """By variant, those that have any."""
        names = (variant.name for variant in self._profile.variants)
        curves = ((name, self._aggregate.curve(name, Measure.SEND_LAG)) for name in names)
        return {name: curve for name, curve in curves if curve is not None}

    def judged(
        self,
        *,
        running: bool,
        interrupted: bool,
        target: Mapping[str, Any],
        ended_by: Sequence[str],
    ) -> Judgement:
        """What the figures are worth. target: its own statistics.

        ended_by: what broke the run, in words; any of it makes it INVALID.
        """
        evidence = Evidence(
            health=self._health_history,
            classes=self._classes,
            lost_workers=self._aggregate.lost_workers,
            lost_words=self._lost_words,
            unsent=self._unsent,
            gaps={} if running else self._aggregate.gap_fits(),
            send_lags={} if running else self._send_lags(),
            target=target,
            interrupted=interrupted,
            running=running,
            exhausted=self._exhausted,
            refused=self._refused,
            reports=self._merger.nodes,
        )
        judgement = judge(self._profile, self._aggregate.totals(), evidence)
        if not ended_by:
            return judgement
        reasons = tuple(Reason(Verdict.INVALID, words) for words in ended_by)
        windows = (replace(window, verdict=Verdict.INVALID) for window in judgement.windows)
        return Judgement(Verdict.INVALID, (*reasons, *judgement.reasons), tuple(windows))
