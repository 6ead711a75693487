"""One self-contained page: no network, light and dark, every figure also as text.

Its charts are drawn here and not by a library in the page: so they are there without script, on
paper and in a mail, and the script that points, hides and zooms has a tenth of a library's size.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from html import escape
from importlib import resources

from bench.format import UNKNOWN, number
from bench.model.outcome import Verdict
from bench.model.times import NS_PER_MS
from bench.record.conclusions import KnownQuantile, compared_quantiles, known_quantiles
from bench.record.conclusions import compared as results_compared
from bench.record.failures import reason_words
from bench.record.figure import Figure
from bench.record.findings import advice_sentences
from bench.record.question import question_of
from bench.record.recorded_run import RecordedRun
from bench.record.recovery import with_recoveries
from bench.record.search_steps import search_steps
from bench.report.answer import AnswerLine, answer_for
from bench.report.asked_pictures import LOAD
from bench.report.brief import SENTENCES
from bench.report.charts import charts
from bench.report.comparison import compared, comparison_notes, comparison_rows
from bench.report.html_tables import (
    measure_tables,
    parts_table,
    results_table,
    steps_table,
    table,
    tries_table,
)
from bench.report.laid_over import laid_over, looks
from bench.report.pictures import OVER_MEMORY
from bench.report.retry_figures import FIGURES, tells_of_retries
from bench.report.svg import COLOURS


def render_html(run: RecordedRun, base: RecordedRun | None = None) -> str:
    """The page as one text: styles, script and charts are in it, and it loads nothing.

    It is whole without the script, which is allowed by its hash alone. base: an earlier run that is
    compared with this one, and laid over it in the pictures.
    """
    title = escape(run.profile.title or run.profile.name)
    shown = run if base is None else laid_over(run, base)
    script = _part("page.js")
    digest = b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii")
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        f" style-src 'unsafe-inline'; script-src 'sha256-{digest}'\">",
        f"<title>{title}</title><style>{_part('page.css')}{_hiding(_keys(shown))}</style>",
        "</head><body>\n",
        *_head(run, title),
        *_answer(run),
        *_reasons(run),
        *_slos(run),
        *(() if base is None else _changes(base, run)),
        f'<section class="charts">\n{"".join(charts(run, base))}</section>\n',
        "<h2>Results</h2>\n",
        results_table(shown.windows, question_of(run.profile), results_compared(run).kind),
        *_folded("Rates tried", steps_table(search_steps(run.events)), is_open=True),
        *_folded("Retries", "".join(_retries(run)), is_open=True),
        *_folded("By part of the load", parts_table(run.parts), is_open=True),
        *_folded("Calls by the attempt that they ended with", tries_table(run.windows)),
        *_folded("Why calls failed", "".join(_failures(run)), is_open=True),
        *_folded("Advice in sentences", _list(advice_sentences(run))),
        *_folded("Intervals of response time", "".join(_intervals(run))),
        *_folded("Every measure", "".join(measure_tables(run.windows))),
        *_folded("Events", "".join(_events(run))),
        *_folded("Profile", f"<pre>{escape(run.profile_text)}</pre>\n"),
        f"<script>{script}</script></body></html>\n",
    ]
    return "".join(parts)


def _part(name: str) -> str:
    return resources.files("bench.report").joinpath("page", name).read_text("utf-8")


def _hiding(keys: Iterable[str]) -> str:
    """What a click on a name hides: its drawings; the name itself fades."""
    return "".join(
        f'.h{n} g[data-v="{n}"]{{display:none}}.h{n} [data-toggle="{n}"]{{opacity:.4}}\n'
        for n in keys
    )


def _keys(run: RecordedRun) -> Iterable[str]:
    """Of the variants, and of lines that are no variant's."""
    yield from map(str, looks(run.windows).values())
    yield from (f"{of}{index}" for of in (OVER_MEMORY, LOAD) for index in range(COLOURS))


def _changes(base: RecordedRun, run: RecordedRun) -> Iterable[str]:
    """The figures of both, and what chance explains of the changes."""
    yield f"<h2>Against {escape(base.name)}, dashed in the pictures</h2>\n"
    found = compared(base, run)
    if found:
        heads, *rows = comparison_rows(found)
        yield table(heads, rows)
    yield _list(comparison_notes(base, run, found))


def _folded(title: str, inside: str, is_open: bool = False) -> Iterable[str]:
    if inside:
        how = " open" if is_open else ""
        yield f"<details{how}><summary>{title}</summary>\n{inside}</details>\n"


def _head(run: RecordedRun, title: str) -> Iterable[str]:
    verdict = run.verdict.value
    yield f'<header><h1>{title}</h1><span class="verdict {verdict}">{verdict}</span>\n'
    if run.profile.question and escape(run.profile.question) != title:
        yield f"<p>{escape(run.profile.question)}</p>\n"
    yield (
        f'<p class="dim">{escape(run.name)}, {escape(run.profile.target.kind.value)} target,'
        f" started {escape(run.started_utc)}, {escape(run.state)}"
        f"{f', {run.workers_text}' if run.workers_text else ''}</p></header>\n"
    )


def _reasons(run: RecordedRun) -> Iterable[str]:
    """Of the verdict, which stands at the very top: the answer comes before them."""
    if run.verdict is Verdict.VALID and not run.reasons:
        yield '<p class="dim">Nothing speaks against these numbers.</p>\n'
    worst = sorted(run.reasons, key=lambda reason: -reason.verdict.severity)
    reasons = [f"{r.variant}: {r.text}" if r.variant else r.text for r in worst]
    if reasons:
        verdict = run.verdict.value
        yield f'<p><b class="{verdict}">{verdict}:</b> {escape(reasons[0])}</p>\n'
    more = len(reasons) - 1
    yield from _folded(f"{more} more reason{'s' if more > 1 else ''}", _list(reasons[1:]))


def _answer(run: RecordedRun) -> Iterable[str]:
    """The first thing to see: one base, the same rows as in the live view."""
    answer = answer_for(run)
    if answer.figures:
        yield _large(answer.figures)
    elif answer.lines:
        yield _hero(answer.lines[0])
    yield _list(answer.found[:SENTENCES])
    more = answer.found[SENTENCES:]
    yield from _folded(f"{len(more)} more sentence{'s' if len(more) > 1 else ''}", _list(more))
    if answer.lines:
        yield '<table class="answer"><tbody>' + "".join(map(_answer_row, answer.lines))
        yield "</tbody></table>\n"
        if answer.base is not None:
            yield f'<p class="dim">Compared with {escape(answer.base)}.</p>\n'
    if run.answers:
        yield "<h2>Capacity</h2>\n" + _list(f"{a.variant}: {a.text}" for a in run.answers)


def _hero(line: AnswerLine) -> str:
    if line.time is None:
        return ""
    time = line.time
    if line.interval:
        time = replace(time, caption=f"{time.caption} (95 %: {line.interval})")
    figures = [Figure(line.label, line.subject), time]
    figures += [] if line.cost is None else [Figure("a million calls", line.cost.value)]
    figures += [change for change in line.change if change.is_sure]
    return _large(figures)


def _large(figures: Iterable[Figure]) -> str:
    shown = "".join(
        f"<div><b>{escape(f.value)} <small>{escape(f.unit)}</small></b>"
        f"<span>{escape(f.caption)}</span></div>"
        for f in figures
    )
    return f'<section class="hero">{shown}</section>\n'


def _answer_row(line: AnswerLine) -> str:
    time, cost = ("" if figure is None else figure.text for figure in (line.time, line.cost))
    time += f" (95 %: {line.interval})" if line.interval else ""
    cells = (line.label, line.subject, time, cost, line.change_text, line.note)
    if not any(cells[2:5]):
        return (
            f"<tr><td>{escape(line.label)}</td>"
            f'<td colspan="5">{escape(line.subject)} <span class="dim">{escape(line.note)}</span>'
            "</td></tr>"
        )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>\n" if items else ""


def _retries(run: RecordedRun) -> Iterable[str]:
    """What each policy did, where that is a question or something was tried again."""
    if tells_of_retries(run.profile, run.windows):
        heads = (f"{figure.group}: {figure.head}" for figure in FIGURES)
        windows = with_recoveries(run.windows, run)
        rows = ([w.variant.name, *(f.text(w) for f in FIGURES)] for w in windows)
        yield table(("variant", *heads), rows)


def _failures(run: RecordedRun) -> Iterable[str]:
    if run.failures:
        rows = [
            (
                failure.variant,
                failure.outcome.name.lower().replace("_", " "),
                failure.count_words,
                "; ".join(map(reason_words, failure.reasons)),
            )
            for failure in run.failures
        ]
        yield table(("variant", "failure", "invocations", "first reasons"), rows)


def _intervals(run: RecordedRun) -> Iterable[str]:
    every = dict.fromkeys((*compared_quantiles(run), *known_quantiles(run)))
    rows = [_interval(known) for known in every]
    if rows:
        heads = ("variant", "percentile", "ms", "from", "to, at 95 %", "rests on")
        yield table(heads, rows)
        yield (
            '<p class="dim">What an interval rests on: iid, single samples, as blocks of time '
            "differ no more than chance makes them; else the blocks. The design effect says how "
            "many times as much the share below varies as that of independent samples.</p>\n"
        )


def _interval(known: KnownQuantile) -> Sequence[str]:
    bounds = known.bounds
    low, high = (
        UNKNOWN if value is None else number(value / NS_PER_MS)
        for value in (bounds.low_ns, bounds.high_ns)
    )
    value = number(known.value_ns / NS_PER_MS)
    return known.variant.name, known.name, value, low, high, bounds.basis.text


def _slos(run: RecordedRun) -> Iterable[str]:
    if run.slos:
        rows = [(s.slo.name, s.slo.text, s.state.value, s.value) for s in run.slos]
        yield "<h2>Thresholds</h2>\n" + table(("name", "threshold", "state", "measured"), rows)


def _events(run: RecordedRun) -> Iterable[str]:
    if run.events:
        rows = [(f"{event.t_ns / 1e9:.3f}", event.kind, event.text) for event in run.events]
        yield table(("second", "kind", "what"), rows)
