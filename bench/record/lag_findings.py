"""What speaks against a run in how late the generator sent, and how late it read. Pure.

Each threshold stands here with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.format import share_known
from bench.model.outcome import Reason, Verdict
from bench.model.result import LADDER, MEDIAN, Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.evidence import Classes
from bench.record.worker_findings import graded
from bench.stats.quantiles import Curve

LAG_FLOOR_NS = NS_PER_MS
"""Send lag below a millisecond is an ordinary operating system's grain, whatever the latency."""
LAG_SUSPECT = 0.10
"""Share of the response time that the generator itself may add before the figure is doubtful."""
LAG_INVALID = 0.50
"""From half on, the figure is more the generator's than the target's."""
LATE_SUSPECT = 0.01
"""Share of arrivals that may leave so late that it shows in their response time; few of them are
seen by no quantile that has ten samples beyond it."""
LATE_INVALID = 0.10
FEW, MANY = 3, 10
"""Fewer late arrivals than FEW say nothing yet; fewer than MANY only where they are very late."""
WORST_FLOOR_NS = 100 * NS_PER_MS
"""The worst send lag of a long run on a machine that others use too."""
NOTICED_NS = 3 * NS_PER_MS // 10
NOTICED_SHARE = 0.01
"""What the generator may add unnoticed: as much as `lamload selftest` allows a figure to be off."""

Doubt = tuple[Verdict, str]
"""What speaks against a variant: how much it weighs, and a sentence."""
_WHOLE = {Measure.SEND_LAG: Measure.RESPONSE, Measure.READ_LAG: Measure.ATTEMPT}
"""Each lag, and the time that it belongs to."""
_WORDS = {Measure.SEND_LAG: "send lag", Measure.READ_LAG: "read lag"}


@dataclass(frozen=True, slots=True)
class _Lag:
    """A lag beside the time that it belongs to, at the highest quantile that is known of both."""

    own: Measure
    q: float
    own_ns: int
    whole_ns: int

    @property
    def share(self) -> float:
        return self.own_ns / self.whole_ns if self.whole_ns else 0.0

    def exceeds(self, floor_ns: int, share: float) -> bool:
        return self.own_ns > floor_ns and self.share > share

    def words(self, window: Window) -> str:
        text = f"{_WORDS[self.own]} p{self.q * 100:g} is {self.own_ns / NS_PER_MS:.2f} ms"
        known = share_known(window.read_lag_share)
        is_sample = self.own is Measure.READ_LAG and known != "all"
        return f"{text} (known of {known} answers)" if is_sample else text


def send_lag(window: Window, lags: Curve | None) -> Iterable[Doubt]:
    """What the generator itself adds to response times, first by quantiles, then one by one."""
    found = tuple(_judged(_lag_of(window, Measure.SEND_LAG), window))
    yield from found or (_late(window, lags) if lags is not None else ())


def read_lag(window: Window) -> Iterable[Doubt]:
    """Where the kernel tells of it, it is in no attempt time; what follows an answer is late."""
    yield from _judged(_lag_of(window, Measure.READ_LAG), window)


def _judged(lag: _Lag | None, window: Window) -> Iterable[Doubt]:
    if lag is not None and lag.exceeds(LAG_FLOOR_NS, LAG_SUSPECT):
        whole = _WHOLE[lag.own].value
        text = (
            f"{lag.words(window)}, {min(lag.share, 1):.0%} of the {whole} time's"
            f" {lag.whole_ns / NS_PER_MS:.2f} ms: the generator is the bottleneck"
        )
        yield graded(lag.share, LAG_INVALID), text


def _lag_of(window: Window, own: Measure) -> _Lag | None:
    for q in LADDER:
        theirs, ours = window.measure(_WHOLE[own]).at(q), window.measure(own).at(q)
        if theirs is not None and ours is not None and theirs.known and ours.known:
            connecting_ns = _connecting_ns(window, q) if own is Measure.SEND_LAG else 0
            return _Lag(own, q, ours.value_ns - connecting_ns, theirs.value_ns)
    return None


def lacking_class(windows: Sequence[Window], classes: Classes) -> Iterable[Reason]:
    """What would have helped, where workers were late and wanted a class that they did not get."""
    if not classes.remedy:
        return
    lags = ((_lag_of(window, own), window) for window in windows for own in _WHOLE)
    noticed = [
        (lag, window) for lag, window in lags if lag and lag.exceeds(NOTICED_NS, NOTICED_SHARE)
    ]
    if noticed:
        worst, window = max(noticed, key=lambda found: found[0].share)
        text = (
            f"{classes.text}, and {worst.words(window)}: a real-time class would help, granted by"
            f" {classes.remedy}"
        )
        yield Reason(Verdict.VALID, text)


def _late(window: Window, lags: Curve) -> Iterable[Doubt]:
    """Arrivals that left late, counted: a quantile sees no stop of a run of few arrivals.

    Each opening of a connection explains one of them.
    """
    response, connect = window.measure(Measure.RESPONSE), window.measure(Measure.CONNECT)
    median = response.at(MEDIAN)
    if median is None or not lags.count:
        return
    limit_ns = max(LAG_FLOOR_NS, LAG_SUSPECT * median.value_ns)
    late = _later(lags, limit_ns) - connect.count
    if late < MANY:  # they move no quantile that is known, unless they are the whole of a response
        limit_ns = max(LAG_FLOOR_NS, LAG_INVALID * median.value_ns)
        late = _later(lags, limit_ns) - connect.count
    share = late / lags.count
    if late >= FEW and share > LATE_SUSPECT:
        text = (
            f"{late:,} of {lags.count:,} arrivals left more than {limit_ns / NS_PER_MS:.2f} ms"
            " late: the generator did not keep to its schedule"
        )
        yield graded(share, LATE_INVALID), text
        return
    worst_ns = window.measure(Measure.SEND_LAG).max_ns - connect.max_ns
    if worst_ns > WORST_FLOOR_NS and worst_ns > LAG_INVALID * response.max_ns:
        text = (
            f"an arrival left {worst_ns / NS_PER_MS:,.0f} ms late: the longest response time is the"
            " generator's"
        )
        yield Verdict.SUSPECT, text


def _later(lags: Curve, limit_ns: float) -> int:
    return int(lags.counts[lags.values_ns > limit_ns].sum())


def _connecting_ns(window: Window, q: float) -> int:
    """What opening connections takes of the send lag: that is the target's doing."""
    connect = window.measure(Measure.CONNECT)
    attempts = max(1, window.measure(Measure.ATTEMPT).count)
    if not connect.count or connect.count < (1 - q) * attempts:
        return 0
    found = connect.at(q)
    return found.value_ns if found is not None and found.known else connect.max_ns
