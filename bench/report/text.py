"""The final table, for a terminal, a pipe or a log: plain text, no colour, no dependency.

Times are milliseconds. `≥` is a lower bound (the quantile falls among timed-out calls), `·` is
unknown: nothing was measured, or fewer than ten samples lie beyond the quantile. A terminal that is
too narrow for the whole table gets it in parts, each with the variants' names.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from itertools import groupby

from bench.format import (
    AT_LEAST,
    UNKNOWN,
    maximum_ms,
    number,
    quantile_ms,
    quantile_text,
    share_known,
)
from bench.model.outcome import Outcome, Verdict
from bench.model.plain import aligned, wrapped
from bench.model.recovery import Recovery, RecoveryState
from bench.model.result import (
    HIGHEST,
    LADDER,
    MEDIAN,
    QUANTILES,
    Distribution,
    Measure,
    Quantile,
    Window,
)
from bench.model.times import NS_PER_MS
from bench.record.conclusions import KnownQuantile, advice_of, compared, compared_quantiles
from bench.record.failures import reason_words
from bench.record.findings import advice_sentences, findings
from bench.record.findings_of_recovery import interval_text, recovery_text
from bench.record.recorded_run import RecordedRun
from bench.record.recovery import with_recoveries
from bench.report.retry_figures import FIGURES, tells_of_retries
from bench.report.text_pictures import picture_lines
from bench.report.text_table import ColumnGroup, TextColumn, table_lines
from bench.report.tries import tries_rows
from bench.stats.one_kind import response_of
from bench.stats.quantiles import Bounds
from bench.stats.thresholds import SloState

_MIN_WIDTH = 60
_PIPE_WIDTH = 10_000
"""Width where nobody's screen limits it: one line a variant, for grep and awk."""


def render_text(run: RecordedRun, width: int | None = None) -> str:
    """The whole report. width None is the terminal's, or without limit where there is none."""
    if width is None:
        width = max(_MIN_WIDTH, shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns)
    lines = [title_of(run), ""]
    table = list(table_lines(run.windows, _groups_of(run), _ALWAYS, width))
    lines += [*table, *mark_notes(table)]
    lines += failure_lines(run, width)
    lines += _retry_lines(run, width)
    lines += ["", *picture_lines(run, width)]
    if run.parts:
        names = [f"{part.window.variant.name} {part.name}" for part in run.parts]
        windows = [part.window for part in run.parts]
        lines += ["", *table_lines(windows, _PARTS, _ALWAYS, width, names)]
    lines += ["", *_tries_lines(run)]
    lines += ["", *findings(run)]
    lines += ["", *advice_sentences(run)]
    lines += ["", *_interval_lines(run, advice_of(run).q)]
    lines += ["", *(f"{answer.variant}: {answer.text}" for answer in run.answers)]
    lines += ["", *slo_lines(run)]
    lines += _verdict_lines(run)
    return "\n".join(_squeezed(lines)) + "\n"


def _groups_of(run: RecordedRun) -> list[ColumnGroup]:
    """With times of the answers by which variants are compared beside those of all."""
    kind = compared(run).kind
    own = ColumnGroup(f"{kind} ms", tuple(kind_column(kind, q) for q in sorted(LADDER)))
    groups = list(_PARTS)
    if kind:
        groups.insert(groups.index(_RESPONSE), own)
    return groups


def kind_column(kind: str, q: float, head: str = "") -> TextColumn:
    """A quantile of one kind of answers; empty for a part of the load, whose kinds nobody told."""

    def read(window: Window) -> str:
        told = window.warm.count or window.cold.count
        return quantile_cell(response_of(window, kind).at(q)) if told else ""

    return TextColumn(head or quantile_text(q), read)


def title_of(run: RecordedRun) -> str:
    """The profile's title, where it ran, and how it ended if that was no good end."""
    profile = run.profile
    state = "" if run.state == "finished" else f", {run.state}"
    return f"{profile.title or profile.name} ({profile.target.kind.value}{state})"


def _retry_lines(run: RecordedRun, width: int) -> Iterable[str]:
    """What each policy did, where that is a question or something was tried again."""
    if tells_of_retries(run.profile, run.windows):
        yield ""
        yield "Retries:"
        windows = with_recoveries(run.windows, run)
        yield from table_lines(windows, _OF_RETRIES, _TOLD_OF_RETRIES, width)


def _interval_lines(run: RecordedRun, q: float | None) -> Iterable[str]:
    """How well the compared percentile is known of each variant, or the highest that is known."""
    chosen: dict[str, KnownQuantile] = {}
    for known in compared_quantiles(run):
        if q is None or known.q <= q:
            chosen[known.variant.name] = known
    if not chosen:
        return
    yield "Intervals of the response time, at 95 %, and what they rest on:"
    for name, known in zip(aligned(list(chosen)), chosen.values(), strict=True):
        yield f"  {name}  {known.name} {bounds_text(known.bounds)}"


def _tries_lines(run: RecordedRun) -> Iterable[str]:
    rows = list(tries_rows(run.windows))
    if rows:
        yield "Calls by the attempt that they ended with, and how many succeeded with it:"
        columns = [aligned(column) for column in zip(*rows, strict=True)]
        yield from ("  " + "  ".join(row).rstrip() for row in zip(*columns, strict=True))


def bounds_text(bounds: Bounds) -> str:
    """`33.1 … 34.9 ms (iid)`; `open` where nothing bounds it."""
    if not bounds.basis.is_known:
        return bounds.basis.text
    low, high = (
        "open" if value is None else number(value / NS_PER_MS)
        for value in (bounds.low_ns, bounds.high_ns)
    )
    return f"{low} … {high} ms ({bounds.basis.text})"


def _squeezed(lines: Sequence[str]) -> Iterable[str]:
    """Without trailing blanks, and no two empty lines in a row."""
    previous = ""
    for line in lines:
        text = line.rstrip()
        if text or previous:
            yield text
        previous = text


# -- cells


def _count(field: str) -> TextColumn:
    return TextColumn(field.replace("_", " "), lambda window: f"{getattr(window.tally, field):,}")


def _outcome(outcome: Outcome) -> TextColumn:
    head = outcome.name.lower().replace("_", " ")
    return TextColumn(head, lambda window: f"{window.tally.outcomes[outcome]:,}")


def _quantile(measure: Measure, q: float, of: str = "") -> TextColumn:
    def read(window: Window) -> str:
        return quantile_cell(window.measure(measure).at(q))

    return TextColumn(f"{of}{quantile_text(q)}", read)


def quantile_cell(quantile: Quantile | None) -> str:
    """A quantile in ms, three significant digits, with its marks."""
    return quantile_ms(quantile, three_digits)


def _max(measure: Measure) -> TextColumn:
    return TextColumn("max", lambda window: max_cell(window.measure(measure)))


def max_cell(distribution: Distribution) -> str:
    """The maximum in ms, likewise; a lower bound if anything timed out."""
    return maximum_ms(distribution, three_digits)


def back_cell(found: Recovery | None) -> str:
    """`after 3 s (2 … 4 s)`, of the slowest recovery."""
    if found is None:
        return UNKNOWN
    is_over = found.state is RecoveryState.RECOVERED
    return f"{recovery_text(found)} ({interval_text(found)})" if is_over else recovery_text(found)


def three_digits(ns: float) -> str:
    """Nanoseconds as milliseconds, without the unit."""
    return number(ns / NS_PER_MS)


def _maybe(value: float | None, form: str) -> str:
    return UNKNOWN if value is None else format(value, form)


def _times(measure: Measure, title: str) -> ColumnGroup:
    quantiles = (_quantile(measure, q) for q in QUANTILES)
    return ColumnGroup(title, (*quantiles, _max(measure)))


_OFFERED = _count("offered")
_OK = _outcome(Outcome.OK)
_RETRIES = _count("retries")
_COLD = _count("cold_starts")
_RATE = TextColumn("achieved/s", lambda window: f"{window.achieved_rps:.1f}")
_LAG = _quantile(Measure.SEND_LAG, HIGHEST)
_PRICE = TextColumn("$/M", lambda window: _maybe(window.usd_per_million, ".2f"))
_RESPONSE = _times(Measure.RESPONSE, "response ms")
_ATTEMPT = _times(Measure.ATTEMPT, "attempt ms")

_PARTS = (
    ColumnGroup(
        "arrivals",
        (
            _OFFERED,
            TextColumn("planned/s", lambda window: f"{window.planned_rps:.1f}"),
            _RATE,
            _count("in_flight"),
            _count("dropped"),
        ),
    ),
    ColumnGroup(
        "outcomes",
        (
            *(_outcome(outcome) for outcome in Outcome),
            _RETRIES,
            TextColumn("×", lambda window: _maybe(window.tally.retry_amplification, ".2f")),
            _quantile(Measure.BACKOFF, MEDIAN, "backoff ms "),
            _count("retries_refused"),
            _COLD,
        ),
    ),
    _RESPONSE,
    _ATTEMPT,
    ColumnGroup("send lag ms", (_quantile(Measure.SEND_LAG, MEDIAN), _LAG, _max(Measure.SEND_LAG))),
    ColumnGroup(
        "read lag ms",
        (
            _quantile(Measure.READ_LAG, HIGHEST),
            _max(Measure.READ_LAG),
            TextColumn("known of", lambda window: share_known(window.read_lag_share)),
        ),
    ),
    ColumnGroup(
        "function",
        (
            _quantile(Measure.DURATION, MEDIAN),
            _quantile(Measure.INIT, MEDIAN, "init "),
            TextColumn("billed", lambda window: _maybe(window.billed_ms_mean, ".1f")),
            _PRICE,
            TextColumn("retries $/M", lambda w: _maybe(w.retry_usd_per_million or None, ".3f")),
        ),
    ),
    ColumnGroup("recovery", (TextColumn("back", lambda window: back_cell(window.recovery)),)),
    ColumnGroup("", (TextColumn("verdict", lambda window: window.verdict.value),)),
)
_OF_RETRIES = tuple(
    ColumnGroup(title, tuple(TextColumn(figure.head, figure.text) for figure in group))
    for title, group in groupby(FIGURES, lambda figure: figure.group)
)
_TOLD_OF_RETRIES = {column for group in _OF_RETRIES for column in group.columns}
_ALWAYS = {_OFFERED, _RATE, _OK, _RETRIES, _COLD, _LAG, _PRICE, *_RESPONSE.columns}


# -- what stands below


def mark_notes(shown: Iterable[str]) -> Iterable[str]:
    """What the marks of a lower bound and of the unknown mean, as far as they are in a table."""
    words = " ".join(shown).split()
    notes = []
    if any(word.startswith(AT_LEAST) for word in words):
        notes.append(f"{AT_LEAST} a lower bound: calls timed out")
    if UNKNOWN in words:
        notes.append(f"{UNKNOWN} unknown: fewer than ten samples beyond it")
    if notes:
        yield "; ".join(notes)


def outcome_words(outcome: Outcome) -> str:
    """As a sentence has it: `function error`."""
    return outcome.name.lower().replace("_", " ")


def failure_lines(run: RecordedRun, width: int) -> Iterable[str]:
    """Of each kind of failure how many, and its first reasons."""
    if not run.failures:
        return
    yield ""
    yield "Why calls failed:"
    for failure in run.failures:
        yield f"  {failure.variant}: {failure.count_words} {outcome_words(failure.outcome)}"
        for reason in failure.reasons:
            yield from wrapped(reason_words(reason), width, "    ")


def slo_lines(run: RecordedRun) -> Iterable[str]:
    """A line for each threshold of the run, whether it held and by what value."""
    words = {SloState.OK: "ok", SloState.FAILED: "FAILED", SloState.UNKNOWN: "unknown"}
    for result in run.slos:
        yield f"{words[result.state]:<8}{result.slo.name}: {result.slo.text} ({result.value})"


def _verdict_lines(run: RecordedRun) -> Iterable[str]:
    yield ""
    workers = f" ({run.workers_text})" if run.workers_text else ""
    if run.verdict is Verdict.VALID and not run.reasons:
        yield f"VALID: nothing speaks against these numbers{workers}"
        return
    yield f"{run.verdict.value}{workers}:"
    for reason in run.reasons:
        place = f"{reason.variant}: " if reason.variant else ""
        yield f"  {reason.verdict.value:<7}  {place}{reason.text}"
