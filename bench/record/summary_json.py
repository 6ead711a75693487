"""The summary of a run as one JSON document: report.json, and what `--json` prints."""

from __future__ import annotations

from typing import Any

import bench
from bench.model.result import Window
from bench.model.times import NS_PER_MS
from bench.record.columns import Cell
from bench.record.csv_columns import summary_row
from bench.record.recorded_run import RecordedRun
from bench.stats.quantiles import Bounds
from bench.stats.recommend import Advice, Choice, Overhead, advise, own_overhead

SCHEMA = 1


def document_of(run: RecordedRun) -> dict[str, Any]:
    """Keys as in summary.csv, with null for what is unknown; times in ms, the unit in the key."""
    return {
        "schema": SCHEMA,
        "lamload": bench.__version__,
        "run": run.name,
        "profile": run.profile.name,
        "title": run.profile.title,
        "question": run.profile.question,
        "target": run.profile.target.kind.value,
        "started_utc": run.started_utc,
        "state": run.state,
        "verdict": run.verdict.value,
        "reasons": [
            {
                "verdict": r.verdict.value,
                "text": r.text,
                "variant": r.variant,
                "generator": r.generator,
            }
            for r in run.reasons
        ],
        "slos": [
            {"name": s.slo.name, "text": s.slo.text, "state": s.state.value, "value": s.value}
            for s in run.slos
        ],
        "answers": [
            {"variant": a.variant, "rate_rps": a.rate_rps, "text": a.text} for a in run.answers
        ],
        "variants": [_variant(window) for window in run.windows],
        "overheads": [_own_overhead(window, run) for window in run.windows],
        "advice": _advice(advise(run.windows, run.curves)),
    }


def _variant(window: Window) -> dict[str, Cell]:
    return summary_row(window)


def _own_overhead(window: Window, run: RecordedRun) -> dict[str, Any]:
    """What lies between caller and handler, paired by invocation; nulls where nobody told."""
    name = window.variant.name
    found = own_overhead(run.curves.get(name, {}))
    value_ns, bounds = found if found is not None else (None, Bounds(None, None))
    return {
        "variant": name,
        "median_ms": _ms(value_ns),
        "low_ms": _ms(bounds.low_ns),
        "high_ms": _ms(bounds.high_ns),
    }


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else value_ns / NS_PER_MS


def _advice(advice: Advice) -> dict[str, Any]:
    return {
        "quantile": advice.q,
        "fastest": _choice(advice.fastest),
        "cheapest": _choice(advice.cheapest),
        "best_trade": _choice(advice.best),
        "frontier": list(advice.frontier),
        "endpoint_overheads": [_overhead(overhead) for overhead in advice.overheads],
        "sentences": list(advice.sentences),
    }


def _choice(choice: Choice | None) -> str | None:
    return None if choice is None else choice.variant.name


def _overhead(overhead: Overhead) -> dict[str, Any]:
    added = overhead.added
    return {
        "variant": overhead.variant.name,
        "base": overhead.base.name,
        "measure": overhead.measure.value,
        "median_added_ms": _ms(added.value_ns),
        "low_ms": _ms(added.low_ns),
        "high_ms": _ms(added.high_ns),
        "distinguishable": added.is_distinguishable,
    }
