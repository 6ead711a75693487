"""The summary of a run as one JSON document: report.json, and what `--json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bench
from bench.model.profile import Variant
from bench.model.recovery import Recovery
from bench.model.result import Measure, Window
from bench.model.times import NS_PER_MS
from bench.record.conclusions import KnownQuantile, advice_of, compared_quantiles, known_quantiles
from bench.record.csv_column import CsvCell
from bench.record.csv_columns import summary_row
from bench.record.failures import FailureKind
from bench.record.findings import findings
from bench.record.phases_csv import part_row
from bench.record.recorded_run import RecordedRun
from bench.record.recovery import recoveries
from bench.stats.door_overhead import Overhead, own_overhead
from bench.stats.quantiles import Bounds
from bench.stats.recommend import Advice, Choice

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
        "scheduling": run.manifest.get("scheduling"),
        "slos": [
            {"name": s.slo.name, "text": s.slo.text, "state": s.state.value, "value": s.value}
            for s in run.slos
        ],
        "answers": [
            {
                "variant": a.variant,
                "rate_rps": a.rate_rps,
                "holds_rps": a.holds_rps,
                "fails_rps": a.fails_rps,
                "recovers_rps": a.recovers_rps,
                "relapses_rps": a.relapses_rps,
                "text": a.text,
            }
            for a in run.answers
        ],
        "variants": [_variant(window) for window in run.windows],
        "intervals": [_interval(known) for known in known_quantiles(run)],
        "phases": [part_row(part) for part in run.parts],
        "recoveries": [
            _recovery(variant, one) for variant, found in recoveries(run).items() for one in found
        ],
        "findings": list(findings(run)),
        "overheads": [_own_overhead(window, run) for window in run.windows],
        "failures": [_failure(failure) for failure in run.failures],
        "advice": _advice(advice_of(run)) | {"times": [_time(one) for one in _times(run)]},
    }


def _variant(window: Window) -> dict[str, CsvCell]:
    return summary_row(window)


def _interval(known: KnownQuantile) -> dict[str, Any]:
    """A percentile of response time, its interval at 95 %, and what that rests on."""
    basis = known.bounds.basis
    return {
        "variant": known.variant.name,
        "measure": Measure.RESPONSE.value,
        "quantile": known.q,
        "value_ms": known.value_ns / NS_PER_MS,
        "low_ms": _ms(known.bounds.low_ns),
        "high_ms": _ms(known.bounds.high_ns),
        "rests_on": basis.text,
        "blocks": basis.blocks,
        "design_effect": round(basis.design_effect, 3) if basis.is_known else None,
        "anytime": basis.anytime,
    }


def _times(run: RecordedRun) -> list[KnownQuantile]:
    """Those by which advice compares."""
    q = advice_of(run).q
    return [known for known in compared_quantiles(run) if known.q == q]


def _time(known: KnownQuantile) -> dict[str, Any]:
    return {key: value for key, value in _interval(known).items() if key != "measure"}


def _recovery(variant: Variant, one: Recovery) -> dict[str, Any]:
    """Seconds from the end of the disturbance; nulls for what the state does not tell."""
    return {
        "variant": variant.name,
        "disturbance": one.disturbance,
        "state": one.state.value,
        "after_s": one.after_s,
        "low_s": one.low_s,
        "high_s": one.high_s,
        "watched_s": one.watched_s,
        "rounds": one.rounds,
        "rounds_recovered": one.recovered_rounds,
        "rests_on": one.basis or None,
    }


def _failure(failure: FailureKind) -> dict[str, Any]:
    return {
        "variant": failure.variant,
        "outcome": failure.outcome.name.lower(),
        "count": failure.count,
        "reasons": [
            {
                "t_ms": _ms(reason.t_ns),
                "status": reason.status or None,
                "attempt": reason.attempt,
                "request_id": reason.request_id or None,
                "detail": reason.detail,
            }
            for reason in failure.reasons
        ],
    }


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
        "rests_on": None if found is None else bounds.basis.text,
    }


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else value_ns / NS_PER_MS


def _advice(advice: Advice) -> dict[str, Any]:
    return {
        "quantile": advice.q,
        "fastest": _choice(advice.fastest),
        "fastest_alike": _names(advice.fastest.alike if advice.fastest else ()),
        "fastest_unknown": _names(advice.fastest.unknown if advice.fastest else ()),
        "cheapest": _choice(advice.cheapest),
        "cheapest_alike": _names(advice.cheapest.alike if advice.cheapest else ()),
        "cheapest_unknown": _names(advice.cheapest.unknown if advice.cheapest else ()),
        "best_trade": _choice(advice.best),
        "frontier": list(advice.frontier),
        "endpoint_overheads": [_overhead(overhead) for overhead in advice.overheads],
        "sentences": list(advice.sentences),
        "best_trade_alike": _names(advice.best.alike if advice.best else ()),
        "best_trade_unknown": _names(advice.best.unknown if advice.best else ()),
        "calls": advice.kind or "all",
    }


def _choice(choice: Choice | None) -> str | None:
    return None if choice is None else choice.variant.name


def _names(variants: Sequence[Variant]) -> list[str]:
    return [variant.name for variant in variants]


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
        "rests_on": added.basis.text,
    }
