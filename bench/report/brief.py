"""The end of a run: the answer first, then whether to believe it, one table, and where the rest is.

Never wider than asked for, and no word of it is broken. The whole table is `bench.report.text`'s.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bench.format import UNKNOWN, maximum_ms, percentage, quantile_ms, quantile_text, rate
from bench.model.outcome import Outcome, Verdict
from bench.model.plain import aligned
from bench.model.result import HIGHEST, LADDER, MEDIAN, Distribution, Measure, Window
from bench.output.page_width import page_width
from bench.record.conclusions import advice_of, compared
from bench.record.failures import FailureKind, reason_words
from bench.record.question import Question, question_of
from bench.record.recorded_run import RecordedRun
from bench.record.recovery import with_recoveries
from bench.report.answer import AnswerLine, answer_for
from bench.report.retry_figures import FIGURES
from bench.report.styled import LineTone, StyledLine, as_text, in_colour, wrapped
from bench.report.text import (
    kind_column,
    mark_notes,
    outcome_words,
    slo_lines,
    three_digits,
    title_of,
)
from bench.report.text_pictures import picture_lines
from bench.report.text_table import TextColumn
from bench.stats.thresholds import SloState

MOST_ROWS = 40
"""Rows of a table beyond which the parts of the load are left to phases.csv."""
_GAP = "  "
_TONES = {
    Verdict.VALID: LineTone.GOOD,
    Verdict.SUSPECT: LineTone.DOUBTFUL,
    Verdict.INVALID: LineTone.BAD,
}
_SLO_TONES = {
    SloState.OK: LineTone.GOOD,
    SloState.FAILED: LineTone.BAD,
    SloState.UNKNOWN: LineTone.DOUBTFUL,
}
SENTENCES = 6
"""So many are told of a question; a profile of many variants has one for each."""
REASONS = 3
"""So many are told of a verdict; `lamload report --all` has all of them."""
MORE = (
    "More: `lamload report --all` has every column, `lamload report --columns "
    f"{quantile_text(MEDIAN)},{quantile_text(HIGHEST)}` those that you choose, "
    "`lamload open` the pictures."
)


def render_brief(run: RecordedRun, width: int | None = None, *, colour: bool | None = None) -> str:
    """What a run says when it ends. width None is the terminal's, at most WIDEST.

    colour None: where stdout is a terminal and NO_COLOR is not set.
    """
    lines = brief_lines(run, page_width() if width is None else width)
    return in_colour(lines) if (_has_colour() if colour is None else colour) else as_text(lines)


def brief_lines(run: RecordedRun, width: int) -> Iterator[StyledLine]:
    """The lines, each of at most so many columns but for a word that is longer."""
    yield from wrapped(title_of(run), width, LineTone.TITLE)
    yield StyledLine()
    tone = LineTone.ANSWER
    for group in answers(run):
        for sentence in group[:SENTENCES]:
            yield from wrapped(sentence, width, tone)
            tone = LineTone.PLAIN
        if len(group) > SENTENCES:
            yield StyledLine(f"  and {len(group) - SENTENCES} more", LineTone.ASIDE)
        yield StyledLine()
    yield from map(StyledLine, picture_lines(run, width))
    yield StyledLine()
    yield from _verdict(run, width)
    yield StyledLine()
    yield from _failures(run, width)
    yield StyledLine()
    table = list(fitted_table(rows_of(run), *columns_of(run), width))
    yield from map(StyledLine, table)
    for note in mark_notes(table):
        yield from wrapped(note, width, LineTone.ASIDE)
    yield StyledLine()
    yield from wrapped(MORE, width, LineTone.ASIDE)


def _has_colour() -> bool:
    is_dumb = os.environ.get("TERM", "dumb") == "dumb"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and not is_dumb


def answers(run: RecordedRun) -> list[list[str]]:
    """What the run was for, in groups, the first thing to know first."""
    found = [f"{answer.variant}: {answer.text}" for answer in run.answers]
    answer = answer_for(run)
    return [found, [*answer.found], [_told(line, answer.base) for line in answer.lines]]


def _told(line: AnswerLine, base: str | None) -> str:
    """`Best trade: 512 MB, p99 12.4 ms, $0.45/M; p99 −38 %, cost +4 % against invoke-128MB`."""
    figures = [figure.text for figure in (line.time, line.cost) if figure is not None]
    if line.interval:
        figures[0] += f" (95 %: {line.interval})"
    text = f"{line.label}: {', '.join([line.subject, *figures])}"
    if line.change:
        text += f"; {line.change_text} against {base}"
    if line.note:
        text += f"{';' if line.time else ''} {line.note}"
    return text


def _verdict(run: RecordedRun, width: int) -> Iterator[StyledLine]:
    """With its first reasons, and the thresholds."""
    tone = _TONES[run.verdict]
    if not run.reasons:
        yield StyledLine("VALID: nothing speaks against these numbers", tone)
    worst = sorted(run.reasons, key=lambda reason: -reason.verdict.severity)
    for index, reason in enumerate(worst[:REASONS]):
        place = f"{reason.variant}: " if reason.variant else ""
        head = f"{run.verdict.value}: " if not index else ""
        text = f"{head}{place}{reason.text}"
        yield from wrapped(
            text, width, LineTone.PLAIN if index else tone, indent="  " if index else ""
        )
    if len(worst) > REASONS:
        more = len(worst) - REASONS
        yield StyledLine(f"  and {more} reason{'s' if more > 1 else ''} more", LineTone.ASIDE)
    yield StyledLine()
    for result, text in zip(run.slos, slo_lines(run), strict=True):
        yield from wrapped(text, width, _SLO_TONES[result.state])


def _failures(run: RecordedRun, width: int) -> Iterator[StyledLine]:
    """Of each kind of failure how many, of whom, and why the first one was."""
    kinds: dict[Outcome, list[FailureKind]] = {}
    for failure in run.failures:
        kinds.setdefault(failure.outcome, []).append(failure)
    if kinds:
        yield StyledLine("Why calls failed:")
    ordered = sorted(kinds, key=lambda outcome: -sum(one.count for one in kinds[outcome]))
    for outcome in ordered[:REASONS]:
        yield from wrapped(_failure(outcome, kinds[outcome]), width, indent="  ")
    if len(ordered) > REASONS:
        more = len(ordered) - REASONS
        yield StyledLine(f"  and {more} kind{'s' if more > 1 else ''} more", LineTone.ASIDE)


def _failure(outcome: Outcome, of: Sequence[FailureKind]) -> str:
    """`340 throttled, 301 of them of invoke-1769MB-none: 429: Rate Exceeded.`"""
    count, most = sum(one.count for one in of), max(of, key=lambda one: one.count)
    words = f"{f'{count:,}' if count else most.count_words} {outcome_words(outcome)}"
    if len(of) > 1 and count:
        words += f", {most.count:,} of them of {most.variant}"
    elif len(of) == 1:
        words = f"{most.variant}: {words}"
    reasons = (reason for one in (most, *of) for reason in one.reasons)
    first = next(reasons, None)
    return words if first is None else f"{words}: {reason_words(replace(first, request_id=''))}"


# -- the table


def _quantile(q: float, read: Callable[[Window], Distribution], of: str = "") -> TextColumn:
    return TextColumn(
        f"{of} {quantile_text(q)} ms".lstrip(),
        lambda window: quantile_ms(read(window).at(q), three_digits),
    )


def _of(measure: Measure) -> Callable[[Window], Distribution]:
    return lambda window: window.measure(measure)


def _failed(window: Window) -> str:
    return percentage(window.tally.failed, window.tally.finished)


_RESPONSE = {q: _quantile(q, _of(Measure.RESPONSE)) for q in sorted(LADDER)}
_BETWEEN = [column for q, column in _RESPONSE.items() if q not in (MEDIAN, HIGHEST)]
_MAX = TextColumn(
    "max ms", lambda window: maximum_ms(window.measure(Measure.RESPONSE), three_digits)
)
_PRICE = TextColumn(
    "$/million",
    lambda w: UNKNOWN if w.usd_per_million is None else f"{w.usd_per_million:.2f}",
)
_FAILED = TextColumn("failed %", _failed)
_CALLS = TextColumn("calls", lambda window: f"{window.tally.finished:,}")
_RATE = TextColumn("calls/s", lambda window: rate(window.achieved_rps))
_COLD = TextColumn("cold", lambda window: f"{window.tally.cold_starts:,}")
_LAG = _quantile(HIGHEST, _of(Measure.SEND_LAG), "lag")
_INIT = _quantile(MEDIAN, _of(Measure.INIT), "init")
_COLD_MEDIAN = _quantile(MEDIAN, lambda window: window.cold, "cold")
_COLD_MAX = TextColumn("cold max ms", lambda window: maximum_ms(window.cold, three_digits))
_WARM_MEDIAN = _quantile(MEDIAN, lambda window: window.warm, "warm")
_WARM_MAX = TextColumn("warm max ms", lambda window: maximum_ms(window.warm, three_digits))
TextColumns = Sequence[TextColumn]
_TWO = (_RESPONSE[MEDIAN], _RESPONSE[HIGHEST])
_WANTED = (*_TWO, _PRICE, *_BETWEEN, _FAILED, _CALLS, _MAX, _COLD, _RATE, _LAG)
_ORDER = (_CALLS, _RATE, *_RESPONSE.values(), _MAX, _FAILED, _COLD, _LAG, _PRICE)
_OF_COLD = (
    *(_CALLS, _COLD, _INIT, _COLD_MEDIAN, _COLD_MAX, _WARM_MEDIAN, _WARM_MAX),
    *(_FAILED, _PRICE),
)
"""Cold and warm calls apart: a figure over both says what share of them was cold."""
_POLICY = {figure.key: TextColumn(figure.name, figure.text) for figure in FIGURES}
_OF_POLICIES = (
    *(_POLICY[key] for key in ("attempts a call", "calls back s")),
    *(_FAILED, _POLICY["calls goodput/s"], *_TWO, _POLICY["attempts refused"], _CALLS),
    *(_POLICY["cost retries $/M"], _POLICY["hedges sent"], _MAX),
)
"""What retries did beside what they were for; the most wanted first."""
_IN_ORDER = (_CALLS, *(column for column in _OF_POLICIES if column is not _CALLS))
_MAY_BE_MISSING = frozenset(
    {
        *(_COLD, _PRICE, _RESPONSE[HIGHEST], _LAG, _INIT, _COLD_MEDIAN, _COLD_MAX, _WARM_MEDIAN),
        *_POLICY.values(),
    }
)


def columns_of(run: RecordedRun) -> tuple[TextColumns, TextColumns]:
    """The most wanted first, of which as many are there as fit; and in the order of the table."""
    if question_of(run.profile) is Question.COLD:
        return (_COLD, *_OF_COLD), _OF_COLD
    if question_of(run.profile) is Question.POLICIES:
        return _OF_POLICIES, _IN_ORDER
    own = _of_kind(run)
    place = _ORDER.index(_RESPONSE[MEDIAN])
    return (*own, *_WANTED), (*_ORDER[:place], *own, *_ORDER[place:])


def _of_kind(run: RecordedRun) -> TextColumns:
    """The times by which variants were compared, where those are not of all calls."""
    kind, q = compared(run).kind, advice_of(run).q
    return (kind_column(kind, q, f"{quantile_text(q, kind)} ms"),) if kind and q else ()


def rows_of(run: RecordedRun) -> list[tuple[str, Window]]:
    """A row for each variant, and behind it one for each part of the load if there are several."""
    rows: list[tuple[str, Window]] = []
    has_parts = len(run.windows) + len(run.parts) <= MOST_ROWS
    for window in with_recoveries(run.windows, run):
        rows.append((window.variant.name, window))
        own = (part for part in run.parts if part.window.variant == window.variant)
        rows += [(f"  {part.name}", part.window) for part in own if has_parts]
    return rows


def fitted_table(
    rows: Sequence[tuple[str, Window]], wanted: TextColumns, order: TextColumns, width: int
) -> Iterator[str]:
    """A line for each row; of the columns as many as there is room for, the most wanted first."""
    names = [name for name, _ in rows]
    windows = [window for _, window in rows]
    heads = aligned(["variant", *names])
    cells = {column: _cells(column, windows) for column in wanted if says(column, windows)}
    if len(heads[0]) + max((len(texts[0]) for texts in cells.values()), default=0) > width:
        yield from _stacked(names, cells, order, width)
        return
    chosen: list[TextColumn] = []
    room = width - len(heads[0])
    for column in cells:
        takes = len(_GAP) + len(cells[column][0])
        if room >= takes or not chosen:
            chosen.append(column)
            room -= takes
    ordered = sorted(chosen, key=order.index)
    for index, head in enumerate(heads):
        texts = (cells[column][index] for column in ordered)
        yield _GAP.join([head, *texts]).rstrip()


def _stacked(
    names: Sequence[str], cells: dict[TextColumn, list[str]], order: TextColumns, width: int
) -> Iterator[str]:
    """Under each name its figures, where a name leaves no room beside it."""
    chosen: list[TextColumn] = []
    for column in cells:
        taken = sum(len(_GAP) + len(cells[one][0]) for one in (*chosen, column))
        if taken <= width or not chosen:
            chosen.append(column)
    ordered = sorted(chosen, key=order.index)
    for index, name in enumerate(("variant", *names)):
        yield name
        yield _GAP + _GAP.join(cells[column][index] for column in ordered)


def _cells(column: TextColumn, windows: Sequence[Window]) -> list[str]:
    texts = [column.head, *(column.read(window) for window in windows)]
    return aligned(texts, right=True)


def says(column: TextColumn, windows: Sequence[Window]) -> bool:
    """Whether a column is of use: one of what never happened or is not known is not."""
    if column not in _MAY_BE_MISSING:
        return True
    return any(column.read(window) not in ("0", UNKNOWN) for window in windows)
