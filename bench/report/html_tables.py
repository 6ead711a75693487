"""Tables of the page: one of results with columns to choose, and one for each measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from bench.format import AT_LEAST, UNKNOWN, quantile_text, rate, share_known
from bench.model.outcome import Outcome
from bench.model.part import Part
from bench.model.result import LADDER, MEDIAN, QUANTILES, Measure, Window
from bench.record.question import Question
from bench.record.search_steps import SearchStep, by_rate
from bench.report.text import back_cell, max_cell, quantile_cell
from bench.report.tries import tries_rows
from bench.stats.one_kind import response_of


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls sideways where the page is narrower; all that it says stays words."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>\n"
    )


@dataclass(frozen=True, slots=True)
class _Column:
    group: str
    head: str
    read: Callable[[Window], str]


def _maybe(value: float | None, form: str) -> str:
    return UNKNOWN if value is None else format(value, form)


def _outcome(outcome: Outcome) -> _Column:
    name = outcome.name.lower().replace("_", " ")
    return _Column("outcomes", name, lambda window: f"{window.tally.outcomes[outcome]:,}")


def _quantile(group: str, measure: Measure, q: float) -> _Column:
    return _Column(group, quantile_text(q), lambda w: quantile_cell(w.measure(measure).at(q)))


def _slowest(group: str, measure: Measure) -> _Column:
    return _Column(group, "max", lambda window: max_cell(window.measure(measure)))


def _times(group: str, measure: Measure) -> tuple[_Column, ...]:
    return (*(_quantile(group, measure, q) for q in QUANTILES), _slowest(group, measure))


_COLUMNS = (
    *_times("response ms", Measure.RESPONSE),
    _Column("cost", "$/million", lambda w: _maybe(w.usd_per_million, ".3f")),
    _Column("cost", "billed ms", lambda w: _maybe(w.billed_ms_mean, ".1f")),
    _Column("arrivals", "offered", lambda w: f"{w.tally.offered:,}"),
    _Column("arrivals", "planned/s", lambda w: f"{w.planned_rps:.1f}"),
    _Column("arrivals", "achieved/s", lambda w: f"{w.achieved_rps:.1f}"),
    _Column("arrivals", "goodput/s", lambda w: f"{w.goodput_rps:.1f}"),
    _Column("arrivals", "throughput/s", lambda w: f"{w.throughput_rps:.1f}"),
    _Column("arrivals", "in flight", lambda w: f"{w.tally.in_flight:,}"),
    _Column("arrivals", "dropped", lambda w: f"{w.tally.dropped:,}"),
    *map(_outcome, Outcome),
    _Column("retries", "retries", lambda w: f"{w.tally.retries:,}"),
    _Column("retries", "amplification", lambda w: _maybe(w.tally.retry_amplification, ".3f")),
    _Column("retries", "refused", lambda w: f"{w.tally.retries_refused:,}"),
    _Column("retries", "$/million", lambda w: _maybe(w.retry_usd_per_million, ".3f")),
    _Column("cold starts", "cold", lambda w: f"{w.tally.cold_starts:,}"),
    _Column(
        "cold starts", "init p50 ms", lambda w: quantile_cell(w.measure(Measure.INIT).at(MEDIAN))
    ),
    _Column("cold starts", "cold p50 ms", lambda w: quantile_cell(w.cold.at(MEDIAN))),
    _Column("cold starts", "cold max ms", lambda w: max_cell(w.cold)),
    _Column("cold starts", "warm p50 ms", lambda w: quantile_cell(w.warm.at(MEDIAN))),
    _Column("cold starts", "warm max ms", lambda w: max_cell(w.warm)),
    _Column("recovery", "back", lambda w: back_cell(w.recovery)),
    *_times("attempt ms", Measure.ATTEMPT),
    *_times("backoff ms", Measure.BACKOFF),
    *_times("send lag ms", Measure.SEND_LAG),
    *_times("read lag ms", Measure.READ_LAG),
    _Column("read lag ms", "known of", lambda window: share_known(window.read_lag_share)),
)
_SHOWN = frozenset(("warm ms", "cold ms", "response ms", "cost", "outcomes", "recovery"))
"""Groups that are there at first; the others by their box. On paper and without style: all."""
_OF_COLD = _SHOWN - {"response ms"} | {"cold starts"}
"""Where cold starts are asked for: a figure over cold and warm calls says what share was cold."""
_IF_ANY = ("outcomes", "recovery", "cold starts")
"""Groups of which what no variant had is left out."""


def results_table(
    windows: Sequence[Window], question: Question = Question.SIZES, kind: str = ""
) -> str:
    """A row for each variant; a box for each group of columns shows or hides it, without script.

    kind: of the answers by which variants are compared, which have columns beside those of all.
    """
    columns = [c for c in _COLUMNS if c.group not in _IF_ANY or _happened(c, windows)]
    columns[:0] = _of_kind(kind)
    groups = [(name, list(of_it)) for name, of_it in groupby(columns, lambda c: c.group)]
    boxes, style = "", ""
    at_first = _OF_COLD if question is Question.COLD else _SHOWN
    for number, (name, _) in enumerate(groups):
        checked = " checked" if name in at_first else ""
        boxes += f'<label><input type="checkbox" id="c{number}"{checked}> {escape(name)}</label>'
        style += f"@media screen{{:root:has(#c{number}:not(:checked)) .c{number}{{display:none}}}}"
    top = "".join(
        f'<th class="group c{number}" colspan="{len(columns)}">{escape(name)}</th>'
        for number, (name, columns) in enumerate(groups)
    )
    heads = "".join(
        f'<th class="c{number}">{escape(column.head)}</th>'
        for number, (_, columns) in enumerate(groups)
        for column in columns
    )
    body = "".join(_row(index, window, groups) for index, window in enumerate(windows))
    return (
        f"<style>{style}</style><fieldset>{boxes}</fieldset>\n"
        f'<div class="scroll"><table><thead><tr><th></th>{top}<th></th></tr>'
        f"<tr><th>variant</th>{heads}<th>verdict</th></tr></thead><tbody>{body}</tbody></table>"
        f'</div>\n<p class="dim">{AT_LEAST} a lower bound: calls timed out. '
        f"{UNKNOWN} unknown: nothing measured, or fewer than ten samples beyond it.</p>\n"
    )


def _of_kind(kind: str) -> list[_Column]:
    return [
        _Column(f"{kind} ms", quantile_text(q), _reading(kind, q)) for q in sorted(LADDER) if kind
    ]


def _reading(kind: str, q: float) -> Callable[[Window], str]:
    return lambda window: quantile_cell(response_of(window, kind).at(q))


def _happened(column: _Column, windows: Sequence[Window]) -> bool:
    """What no variant had is left out; that all went well is said."""
    return column.head == "ok" or any(
        column.read(window) not in ("0", UNKNOWN) for window in windows
    )


def _row(index: int, window: Window, groups: Sequence[tuple[str, Sequence[_Column]]]) -> str:
    cells = "".join(
        f'<td class="c{number}">{escape(column.read(window))}</td>'
        for number, (_, columns) in enumerate(groups)
        for column in columns
    )
    name, verdict = escape(window.variant.name), window.verdict.value
    return (
        f'<tr data-toggle="{index}"><td>{name}</td>{cells}'
        f'<td class="{verdict}">{verdict}</td></tr>\n'
    )


def measure_tables(windows: Sequence[Window]) -> Iterable[str]:
    """One for each measure of which anything is known."""
    for measure in Measure:
        measured = [window for window in windows if window.measure(measure).count]
        if measured:
            unit = "MB" if measure is Measure.MEMORY else "ms"
            name = f"{measure.value.replace('_', ' ')}, {unit}"
            heads = (name, *map(quantile_text, QUANTILES))
            rows = [_figures(window, measure) for window in measured]
            yield table((*heads, "max", "samples", "timed out"), rows)


def _figures(window: Window, measure: Measure) -> list[str]:
    distribution = window.measure(measure)
    return [
        window.variant.name,
        *(quantile_cell(distribution.at(q)) for q in QUANTILES),
        max_cell(distribution),
        f"{distribution.count:,}",
        f"{distribution.censored:,}",
    ]


def tries_table(windows: Sequence[Window]) -> str:
    """With which attempt calls ended; nothing where none took a second one."""
    heads, *rows = list(tries_rows(windows)) or [[]]
    return table(heads, rows) if rows else ""


def steps_table(steps: Sequence[SearchStep]) -> str:
    """The rates that a search tried, the highest on top; nothing where none was searched for."""
    heads = ("variant", "rate/s", "result", "step", "tried to", "why")
    rows = [
        (step.variant, rate(step.rate_rps), step.result, f"{step.number}", step.purpose, step.why)
        for name in dict.fromkeys(step.variant for step in steps)
        for step in by_rate(step for step in steps if step.variant == name)
    ]
    return table(heads, rows) if rows else ""


def parts_table(parts: Sequence[Part]) -> str:
    """The response time by part of the load; nothing where there is one part only."""
    heads = ("variant", "part", "planned/s", "achieved/s", "ok", "failed", "retries", "dropped")
    return (
        table((*heads, *map(quantile_text, QUANTILES), "max"), map(_part, parts)) if parts else ""
    )


def _part(part: Part) -> list[str]:
    window, tally = part.window, part.window.tally
    response = window.measure(Measure.RESPONSE)
    return [
        window.variant.name,
        part.name,
        f"{window.planned_rps:.1f}",
        f"{window.achieved_rps:.1f}",
        *(f"{count:,}" for count in (tally.ok, tally.failed, tally.retries, tally.dropped)),
        *(quantile_cell(response.at(q)) for q in QUANTILES),
        max_cell(response),
    ]
