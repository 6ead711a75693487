"""The answer of a run in a few rows, the same on every screen, page and terminal. Pure.

One base for all: the cheapest of the sizes compared, or the variant that somebody chose. What is
said against it is judged together with all that could have been said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.format import (
    AT_LEAST,
    duration_text,
    percent,
    percentage,
    quantile_text,
    size_name,
    usd,
)
from bench.model.live import RunEvent
from bench.model.outcome import Verdict
from bench.model.profile import Variant
from bench.model.result import LADDER, MEDIAN, Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.capacity_answers import capacity_answers
from bench.record.conclusions import advice_of, compared
from bench.record.figure import Figure
from bench.record.finding import Finding, ends_text
from bench.record.findings import found_in
from bench.record.question import Question, question_of
from bench.record.recorded_run import RecordedRun
from bench.stats.alike import Curves
from bench.stats.basis import TOO_FEW
from bench.stats.door_overhead import Overhead
from bench.stats.one_kind import OneKind, is_good
from bench.stats.paired import Difference
from bench.stats.recommend import Advice, Choice, differences_to
from bench.stats.woodruff import interval

_MB = " MB"
NO_CHOICE = "No choice"
"""What stands before the reason for which no variant is the best."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One row. A field that says nothing is empty.

    names: of the variants it speaks of, the first leading, as the run knows them.
    """

    label: str
    names: tuple[str, ...] = ()
    subject: str = ""
    """`1769 MB`: whom it names."""
    time: Figure | None = None
    """`p99 12.4 ms`."""
    cost: Figure | None = None
    """`$0.45/M`: per million calls."""
    change: tuple[Figure, ...] = ()
    """`p99 −93 %`, `cost +4.2 %`: against the base. `~` before what chance may have made."""
    remark: str = ""
    """In the place of a change: that it is the base."""
    note: str = ""
    """What chance, or too few blocks, leave open."""
    brief: str = ""
    """The note where space is short."""
    interval: str = ""
    """`11.9 … 12.8 ms`: where the true time lies at 95 %."""

    @property
    def change_text(self) -> str:
        """All changes, or the remark in their place."""
        return ", ".join(figure.text for figure in self.change) or self.remark

    @property
    def change_brief(self) -> str:
        """The same where space is short: which time it is of stands before it."""
        texts = [figure.text for figure in self.change]
        if texts and self.time is not None and self.time.caption.endswith(self.change[0].caption):
            texts[0] = replace(self.change[0], caption="").text
        return ", ".join(texts) or self.remark


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """Rows in the order of weight. q: of which quantile they speak; base: against which variant.

    differences: of all others to the base, by their names, judged together.
    """

    lines: tuple[AnswerLine, ...] = ()
    q: float | None = None
    base: str | None = None
    differences: Mapping[str, Difference | None] = field(default_factory=dict)
    kind: str = ""
    """Of which answers times and differences are: `warm`, `cold`, '' for all."""
    found: tuple[str, ...] = ()
    """What a profile that varies the load found of its question, in sentences."""
    figures: tuple[Figure, ...] = ()
    """Those of the sentences that are of the first variant."""


def answer_of(results: OneKind, advice: Advice, base: str | None = None) -> RunAnswer:
    """What a run says so far. base: of the variant that was chosen to compare with."""
    windows, curves = results.windows, results.curves
    if len(windows) == 1:
        return RunAnswer(tuple(_alone(windows[0])))
    by_name = {window.variant.name: window for window in windows}
    chosen = by_name.get(base or "")
    if chosen is None and advice.cheapest is not None:
        chosen = by_name[advice.cheapest.variant.name]
    name = None if chosen is None else chosen.variant.name
    q = advice.q or highest_known(curves)
    differences = {} if name is None else differences_to(name, q, results.judgement)
    known = {} if advice.q is None else _intervals(results, advice)
    lines = [
        *_once(_choices(advice, by_name, differences, chosen)),
        *_left_out(windows),
        *_doors(advice.overheads),
    ]
    lines = [
        replace(one, interval=known.get(one.names[0], "")) if one.time else one for one in lines
    ]
    return RunAnswer(tuple(lines), q, name, differences, results.kind)


def answer_for(run: RecordedRun) -> RunAnswer:
    """What a recorded run answers to its own question, beside what is found in its parts."""
    answer = answer_of(compared(run), advice_of(run))
    asked = as_asked(answer, question_of(run.profile), found_in(run), len(run.windows))
    return replace(asked, figures=asked.figures or capacity_figures(run.events))


def as_asked(
    answer: RunAnswer, question: Question, found: Sequence[Finding], variants: int
) -> RunAnswer:
    """With what was found first, and without rows that answer nothing of what was asked."""
    lines = answer.lines
    if question is Question.COLD:  # a median that may be cold or warm chooses none
        lines = tuple(line for line in lines if line.time is None)
    if question is Question.POLICIES and found:  # they are not chosen by their median
        lines = ()
    if question is Question.CAPACITY:  # each variant was sent other rates than the next
        lines = ()
    if variants == 1 and found:  # one figure over all parts is what nobody asked
        lines = ()
    figures = found[0].text.partition(": ")[0] if found else ""
    own = (one for one in found if one.text.partition(": ")[0] == figures)
    large = tuple(figure for one in own for figure in one.figures)
    return replace(answer, lines=lines, found=tuple(one.text for one in found), figures=large)


def capacity_figures(events: Iterable[RunEvent]) -> tuple[Figure, ...]:
    """The highest rates that a search has confirmed, and those that recover where it asked."""
    found = capacity_answers(events)
    figures = []
    for answer in found:
        who = "" if len(found) == 1 else f"{answer.variant} "
        if answer.rate_rps is not None:
            figures.append(Figure(f"{who}holds", f"{answer.rate_rps:.4g}", "/s"))
        if answer.recovers_rps is not None:
            figures.append(Figure(f"{who}recovers", f"{answer.recovers_rps:.4g}", "/s"))
    return tuple(figures)


def highest_known(curves: Curves) -> float:
    """The highest quantile of response time that is known of all; the median if none is."""
    responses = [c[Measure.RESPONSE] for c in curves.values() if Measure.RESPONSE in c]
    known = (q for q in LADDER if responses and all(curve.is_known(q) for curve in responses))
    return next(known, MEDIAN)


def _choices(
    advice: Advice,
    windows: Mapping[str, Window],
    differences: Mapping[str, Difference | None],
    base: Window | None,
) -> Iterator[AnswerLine]:
    for label, choice in (
        ("Best trade", advice.best),
        ("Fastest", advice.fastest),
        ("Cheapest", advice.cheapest),
    ):
        if choice is not None and advice.q is not None:
            window = windows[choice.variant.name]
            yield AnswerLine(
                label,
                tuple(variant.name for variant in choice.variants),
                choice.name,
                _time(window, advice.q, advice.kind),
                _cost(window),
                tuple(_change(window, base, differences.get(choice.variant.name), advice)),
                "the base" if window is base else "",
                *_left_open(choice),
            )


def _once(lines: Iterable[AnswerLine]) -> Iterator[AnswerLine]:
    """Lines that say the same of the same variants as one, `Best trade, fastest`."""
    alike: dict[AnswerLine, list[str]] = {}
    for line in lines:
        alike.setdefault(replace(line, label=""), []).append(line.label)
    for line, (first, *others) in alike.items():
        yield replace(line, label=", ".join([first, *map(str.lower, others)]))


def _left_out(windows: Sequence[Window]) -> Iterator[AnswerLine]:
    """Whose results are none to choose by, and that nothing is left to choose from where so."""
    most = Counter(window.variant.endpoint for window in windows).most_common(1)
    sizes = [window for window in windows if window.variant.endpoint is most[0][0]] if most else []
    out = [window for window in sizes if not is_good(window)]
    if len(sizes) < 2 or not out or not all(window.tally.finished for window in sizes):
        return
    usable = [window.variant for window in sizes if is_good(window)]
    if not usable or sum(window.verdict is not Verdict.INVALID for window in sizes) < 2:
        who = f"only {size_name(usable[0])}" if usable else "no variant"
        names = tuple(variant.name for variant in usable)
        yield AnswerLine(NO_CHOICE, names, f"{who} has valid results with few failures")
        return
    whys = {"INVALID" if w.verdict is Verdict.INVALID else "too many calls failed" for w in out}
    who = _sizes([window.variant for window in out], usable[0])
    names = tuple(window.variant.name for window in out)
    yield AnswerLine("Left out", names, f"{who}: {' or '.join(sorted(whys))}")


def _intervals(results: OneKind, advice: Advice) -> dict[str, str]:
    """By the names of those that stand out: where the true time lies; '' where nobody knows."""
    assert advice.q is not None
    found = {}
    for choice in (advice.best, advice.fastest, advice.cheapest):
        curve = None if choice is None else results.judgement.response(choice.variant.name)
        if choice is not None and curve is not None:
            bounds = interval(curve, advice.q, anytime=results.judgement.anytime)
            found[choice.variant.name] = _ends(bounds.low_ns, bounds.high_ns)
    return found


def _ends(low_ns: int | None, high_ns: int | None) -> str:
    """The unit once, where both have it."""
    if low_ns is None and high_ns is None:
        return ""
    text = ends_text((low_ns, high_ns))
    (low, _, high), unit = text.partition(" … "), text.rpartition(" ")[2]
    return f"{low.removesuffix(f' {unit}')} … {high}"


def _time(window: Window, q: float, kind: str = "") -> Figure | None:
    found = window.measure(Measure.RESPONSE).at(q)
    if found is None:
        return None
    value, _, unit = duration_text(found.value_ns).partition(" ")
    return Figure(quantile_text(q, kind), (AT_LEAST if found.censored else "") + value, unit)


def _cost(window: Window) -> Figure | None:
    price = window.usd_per_million
    return None if price is None else Figure("", usd(price), "/M")


def _change(
    window: Window, base: Window | None, found: Difference | None, advice: Advice
) -> Iterator[Figure]:
    """`~` before what chance may have made, `?` where nobody knows."""
    if base is None or base is window:
        return
    if found is not None and found.relative is not None:
        mark = "" if found.is_distinguishable else "~" if found.basis.is_known else "?"
        yield _share(quantile_text(found.q), mark, found.relative)
    if window.usd_per_million is not None and base.usd_per_million:
        mark = _cost_mark(window.variant, base.variant, advice.cheapest)
        yield _share("cost", mark, window.usd_per_million / base.usd_per_million - 1)


def _cost_mark(variant: Variant, base: Variant, cheapest: Choice | None) -> str:
    """What the row of the cheapest says of it; of two others nobody has judged."""
    if cheapest is None or base != cheapest.variant:
        return ""
    return "~" if variant in cheapest.alike else "?" if variant in cheapest.unknown else ""


def _share(caption: str, mark: str, share: float) -> Figure:
    value, _, unit = percent(share).partition(" ")
    return Figure(caption, mark + value, unit, is_sure=not mark)


def _left_open(choice: Choice) -> tuple[str, str]:
    """`or 512, 1024 MB: chance leaves it open`, and the same in brief."""
    notes, briefs = [], []
    if choice.alike:
        briefs.append(f"or {_sizes(choice.alike, choice.variant)}")
        notes.append(f"{briefs[0]}: chance leaves it open")
    if choice.unknown:
        briefs.append(f"? {_sizes(choice.unknown, choice.variant)}")
        notes.append(f"{TOO_FEW} of {_sizes(choice.unknown, choice.variant)}")
    return "; ".join(notes), "; ".join(briefs)


def _sizes(variants: Sequence[Variant], beside: Variant) -> str:
    """`256, 512, 1024 MB`: the unit once, where all have it."""
    names = [size_name(variant, beside) for variant in variants]
    if all(name.removesuffix(_MB).isdecimal() for name in names):
        return ", ".join(name.removesuffix(_MB) for name in names) + _MB
    return ", ".join(names)


def _doors(overheads: Sequence[Overhead]) -> Iterator[AnswerLine]:
    """All doors in one row: what each adds to the median, over the sizes it was measured at."""
    added: dict[str, list[Overhead]] = {}
    for overhead in overheads:
        added.setdefault(overhead.variant.endpoint.value, []).append(overhead)
    if not added:
        return
    names = tuple(one.variant.name for found in added.values() for one in found)
    text = ", ".join(f"{door} {_added(found)}" for door, found in added.items())
    is_paired = all(one.measure is Measure.OVERHEAD for one in overheads)
    brief = "to Invoke's median"
    note = f"{brief}, each call less its own duration" if is_paired else brief
    yield AnswerLine("Doors add", names, text, note=note, brief=brief)


def _added(overheads: Sequence[Overhead]) -> str:
    """`+0.60 ms`, `+0.60 … 0.72 ms`; `~` where chance may have made one of them."""
    values = sorted(one.added.value_ns / NS_PER_MS for one in overheads)
    sure = all(one.added.is_distinguishable for one in overheads)
    mark = "" if sure else "~" if all(one.added.basis.is_known for one in overheads) else "?"
    low, high = (f"{value:+.3g}".replace("-", "−") for value in (values[0], values[-1]))
    return f"{mark}{low} ms" if low == high else f"{mark}{low} … {high} ms"


def _alone(window: Window) -> Iterator[AnswerLine]:
    """Of one variant there is nothing to choose: what it did."""
    response = window.measure(Measure.RESPONSE)
    known = [q for q in sorted(LADDER) if (found := response.at(q)) is not None and found.known]
    if known:
        times = (time.text for q in known if (time := _time(window, q)) is not None)
        yield AnswerLine("Response", (window.variant.name,), ", ".join(times), cost=_cost(window))
    tally = window.tally
    if tally.finished:
        text = f"{percentage(tally.ok, tally.finished)} % of {tally.finished:,} calls"
        yield AnswerLine("Succeeded", (window.variant.name,), text)
