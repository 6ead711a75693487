"""One self-contained page: no script, no network, light and dark, every figure also as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from bench.format import AT_LEAST, UNKNOWN, number, quantile_text
from bench.model.outcome import Outcome, Verdict
from bench.model.part import Part
from bench.model.result import QUANTILES, Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.conclusions import KnownQuantile, known_quantiles
from bench.record.findings import advice_sentences, findings
from bench.record.recorded_run import RecordedRun
from bench.report.charts import charts
from bench.report.text import max_cell, quantile_cell

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6570;--paper:#fff;--line:#d8dde3;
--soft:#f3f5f7;--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#cc79a7;--s4:#8a6d00;--s5:#3a8fc4;--s6:#6b4fa0;
--s7:#555}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--dim:#98a3ae;--paper:#14181c;--line:#333b44;
--soft:#1d2329;--s0:#56b4e9;--s1:#ff9d5c;--s2:#3fd0a4;--s3:#e6a5cb;--s4:#f0e442;--s5:#9ad0f5;
--s6:#b9a2ea;--s7:#bbb}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:72rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p,li{max-width:52rem}.dim{color:var(--dim)}.scroll{overflow-x:auto;margin:.8rem 0}
.verdict{display:inline-block;border:2px solid;border-radius:4px;padding:.1rem .6rem;
font-weight:700}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:.2rem .55rem;text-align:right;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--paper)}
thead th{background:var(--soft)}
figure{margin:1.5rem 0}figcaption{font-weight:600}svg{width:100%;height:auto}
svg text{fill:var(--dim);font:12px system-ui,sans-serif}svg text.name{fill:var(--ink)}
.grid{stroke:var(--line);fill:none}.axis{stroke:var(--dim);fill:none}
.line{fill:none;stroke-width:1.8}.frontier{fill:none;stroke:var(--dim);stroke-dasharray:4 4}
.legend{font-size:13px;margin:.2rem 0}.legend span{white-space:nowrap;margin-right:1rem}
.sample{width:34px;height:12px;vertical-align:middle;margin-right:.35rem}
pre{background:var(--soft);padding:.8rem;overflow-x:auto;font-size:12px}
"""


def render_html(run: RecordedRun) -> str:
    """The page as one text: styles and charts are in it, and it loads nothing."""
    title = escape(run.profile.title or run.profile.name)
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'\">",
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n",
        *_head(run, title),
        *_answers(run),
        *_advice(run),
        *_slos(run),
        "<h2>Results</h2>\n",
        *_tables(run.windows),
        *_intervals(run),
        *_parts(run),
        "<h2>Charts</h2>\n",
        *charts(run),
        *_events(run),
        f"<h2>Profile</h2>\n<pre>{escape(run.profile_text)}</pre>\n",
        "</body></html>\n",
    ]
    return "".join(parts)


def _head(run: RecordedRun, title: str) -> Iterable[str]:
    yield f"<h1>{title}</h1>\n"
    if run.profile.question:
        yield f"<p>{escape(run.profile.question)}</p>\n"
    yield (
        f'<p class="dim">{escape(run.name)}, {escape(run.profile.target.kind.value)} target,'
        f" started {escape(run.started_utc)}, {escape(run.state)}</p>\n"
    )
    yield f'<p><span class="verdict">{run.verdict.value}</span></p>\n'
    if run.verdict is Verdict.VALID and not run.reasons:
        yield "<p>Nothing speaks against these numbers.</p>\n"
    yield _list(f"{r.variant}: {r.text}" if r.variant else r.text for r in run.reasons)


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>\n" if items else ""


def _answers(run: RecordedRun) -> Iterable[str]:
    if run.answers:
        yield "<h2>Capacity</h2>\n" + _list(f"{a.variant}: {a.text}" for a in run.answers)


def _advice(run: RecordedRun) -> Iterable[str]:
    sentences = (*findings(run), *advice_sentences(run))
    if sentences:
        yield "<h2>What follows</h2>\n" + _list(sentences)


def _intervals(run: RecordedRun) -> Iterable[str]:
    rows = [_interval(known) for known in known_quantiles(run)]
    if rows:
        yield "<h2>Intervals of response time</h2>\n"
        heads = ("variant", "percentile", "ms", "from", "to, at 95 %", "rests on")
        yield _table(heads, rows)
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
    return known.variant.name, quantile_text(known.q), value, low, high, bounds.basis.text


def _slos(run: RecordedRun) -> Iterable[str]:
    if run.slos:
        rows = [(s.slo.name, s.slo.text, s.state.value, s.value) for s in run.slos]
        yield "<h2>Thresholds</h2>\n" + _table(("name", "threshold", "state", "measured"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>\n"
    )


def _tables(windows: Sequence[Window]) -> Iterable[str]:
    yield _table(
        (
            *("variant", "offered", "planned/s", "achieved/s", "goodput/s", "in flight", "dropped"),
            *(outcome.name.lower().replace("_", " ") for outcome in Outcome),
            *("retries", "amplification", "retries refused", "cold starts"),
            *("billed ms", "$/million", "verdict"),
        ),
        map(_counts, windows),
    )
    for measure in Measure:
        measured = [window for window in windows if window.measure(measure).count]
        if measured:
            unit = "MB" if measure is Measure.MEMORY else "ms"
            name = f"{measure.value.replace('_', ' ')}, {unit}"
            heads = (name, *map(quantile_text, QUANTILES))
            rows = [_times(window, measure) for window in measured]
            yield _table((*heads, "max", "samples", "timed out"), rows)
    yield (
        f'<p class="dim">{AT_LEAST} a lower bound: calls timed out. '
        f"{UNKNOWN} unknown: nothing measured, or fewer than ten samples beyond it.</p>\n"
    )


def _parts(run: RecordedRun) -> Iterable[str]:
    """The response time by part of the load."""
    if not run.parts:
        return
    heads = ("variant", "part", "planned/s", "achieved/s", "ok", "failed", "retries", "dropped")
    yield "<h2>By part of the load</h2>\n" + _table(
        (*heads, *map(quantile_text, QUANTILES), "max"), map(_part, run.parts)
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


def _counts(window: Window) -> list[str]:
    tally = window.tally
    return [
        window.variant.name,
        f"{tally.offered:,}",
        f"{window.planned_rps:.1f}",
        f"{window.achieved_rps:.1f}",
        f"{window.goodput_rps:.1f}",
        f"{tally.in_flight:,}",
        f"{tally.dropped:,}",
        *(f"{count:,}" for count in tally.outcomes),
        f"{tally.retries:,}",
        UNKNOWN if tally.retry_amplification is None else f"{tally.retry_amplification:.3f}",
        f"{tally.retries_refused:,}",
        f"{tally.cold_starts:,}",
        UNKNOWN if window.billed_ms_mean is None else f"{window.billed_ms_mean:.1f}",
        UNKNOWN if window.usd_per_million is None else f"{window.usd_per_million:.3f}",
        window.verdict.value,
    ]


def _times(window: Window, measure: Measure) -> list[str]:
    distribution = window.measure(measure)
    return [
        window.variant.name,
        *(quantile_cell(distribution.at(q)) for q in QUANTILES),
        max_cell(distribution),
        f"{distribution.count:,}",
        f"{distribution.censored:,}",
    ]


def _events(run: RecordedRun) -> Iterable[str]:
    if run.events:
        rows = [(f"{event.t_ns / 1e9:.3f}", event.kind, event.text) for event in run.events]
        yield "<h2>Events</h2>\n" + _table(("second", "kind", "what"), rows)
