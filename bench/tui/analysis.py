"""What the core concludes from a run so far, asked for at a slow pace: distributions, advice,
differences to the baseline row. Nothing here is computed by the view itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from math import ceil
from time import thread_time

from bench.format import quantile_text
from bench.model.part import Part
from bench.model.result import Window
from bench.record.conclusions import price_in
from bench.record.finding import Finding
from bench.record.findings import found_in
from bench.record.question import Question, question_of
from bench.record.recovery import Recoveries, recoveries
from bench.report.answer import NO_CHOICE, RunAnswer, answer_of, as_asked, highest_known
from bench.stats.alike import Curves, Judgement
from bench.stats.one_kind import NO_CLASSES, ClassCurves, OneKind, of_one_kind, wants_classes
from bench.stats.recommend import Advice, advise_on, compare_sentence
from bench.tui.source import RunSource

POLLS_PER_S = 2
EVERY = 2 * POLLS_PER_S
"""Polls between two analyses: two seconds."""
MOST_SHARE = 0.03
"""Of a core, for analyses that take long: those of many variants come more seldom."""


class Depth(IntEnum):
    """How much of an analysis a view shows; what none shows is not made."""

    NONE = 0
    CURVES = 1
    """And what is concluded from them."""
    CLASSES = 2
    """Also those of cold, warm, retried and failed calls."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """All of the whole run. answer: with the differences to its base, at its quantile.

    anytime: it was looked at while samples came, and is judged so that this misleads nobody.
    """

    curves: Curves = field(default_factory=dict)
    class_curves: ClassCurves = field(default_factory=dict)
    compared: OneKind = field(default_factory=lambda: OneKind((), Judgement({})))
    """What is compared of them: warm answers alone where some were cold."""
    advice: Advice = field(default_factory=Advice)
    answer: RunAnswer = field(default_factory=RunAnswer)
    anytime: bool = False
    question: Question = Question.SIZES
    parts: tuple[Part, ...] = ()
    """Results by part of the load, where it has several."""
    found: tuple[Finding, ...] = ()
    came_back: Recoveries = field(default_factory=dict)
    """How variants came back after a disturbance."""

    @property
    def q(self) -> float:
        """The quantile that variants are compared by."""
        return self.answer.q or highest_known(self.curves)

    @property
    def q_text(self) -> str:
        """`p99`, or `warm p99` where cold calls are kept apart."""
        return quantile_text(self.q, self.compared.kind)


class Analyzer:
    """Keeps the latest analysis, and makes another when it is time or the baseline changes."""

    def __init__(self, source: RunSource, clock: Callable[[], float] = thread_time) -> None:
        """clock: CPU seconds that have been spent here."""
        self._source = source
        self._clock = clock
        self._every = EVERY
        self._question = question_of(source.profile)
        self._polls = 0
        self._made_at = 0
        self._depth = Depth.NONE
        self._base: str | None = None
        self._latest = Analysis()
        self._due = True

    def expire(self) -> None:
        """What was concluded holds no longer: analyse at the next call, whenever that is."""
        self._due = True

    def analyse(
        self,
        windows: tuple[Window, ...],
        base: str | None,
        depth: Depth,
        *,
        anytime: bool = False,
    ) -> Analysis:
        """What follows from these totals of the whole run, as deep as asked for or deeper."""
        self._polls += 1
        changed = base != self._base or anytime is not self._latest.anytime
        aged = self._due or changed or self._polls - self._made_at >= self._every
        if depth > self._depth or (depth > Depth.NONE and aged):
            self._due, self._base = False, base
            self._made_at, self._depth = self._polls, depth
            begun_s = self._clock()
            self._latest = self._make(windows, base, anytime)
            spent_s = self._clock() - begun_s
            self._every = max(EVERY, ceil(spent_s * POLLS_PER_S / MOST_SHARE))
        return self._latest

    def with_base(self, analysis: Analysis, base: str | None) -> Analysis:
        """The same results with another baseline."""
        if base == self._base:
            return analysis
        self._base = base
        return replace(analysis, answer=_answer(analysis, base))

    def _make(self, windows: tuple[Window, ...], base: str | None, anytime: bool) -> Analysis:
        curves = self._source.curves()
        shows_classes = self._depth is Depth.CLASSES
        wants = shows_classes or wants_classes(windows)
        classes = self._source.class_curves() if wants else NO_CLASSES
        results = self._source.results()
        came_back = recoveries(results)
        compared = of_one_kind(windows, curves, classes, anytime=anytime)
        analysis = Analysis(
            question=self._question,
            parts=tuple(results.parts),
            found=found_in(results, came_back),
            came_back=came_back,
            curves=curves,
            class_curves=classes if shows_classes else {},
            compared=compared,
            advice=advise_on(compared, price_in(self._source.profile), classes),
            anytime=anytime,
        )
        return replace(analysis, answer=_answer(analysis, base))


def _answer(analysis: Analysis, base: str | None) -> RunAnswer:
    answer = answer_of(analysis.compared, analysis.advice, base)
    variants = len(analysis.compared.windows)
    return as_asked(answer, analysis.question, analysis.found, variants)


def verdict_sentence(analysis: Analysis, base: str | None, row: str | None) -> str:
    """One sentence: the row under the cursor against the baseline, or what the advice says."""
    windows = {window.variant.name: window for window in analysis.compared.windows}
    if base is not None and row is not None and row != base and row in windows and base in windows:
        return compare_sentence(windows[row], windows[base], analysis.q, analysis.compared)
    if len(windows) == 1:
        return "one variant alone: nothing to compare it with"
    if analysis.advice.against is not None:
        return analysis.advice.against
    why = (line.subject for line in analysis.answer.lines if line.label == NO_CHOICE)
    return next(why, "not distinguishable: too few answers")
