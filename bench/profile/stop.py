"""What a run must keep to, and when it ends early: [slo], [stop], [limits] and [record]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.model.profile import MANY_VARIANTS, MOST_VARIANTS, Profile, Slo, StopSpec, Variant
from bench.schema.key import ANY_NAME, Key, NamesKey, values
from bench.schema.paths import joined, quoted
from bench.schema.quantities import part, quantile, share, span, usd
from bench.schema.section import Section
from bench.schema.table import Table
from bench.schema.values import flag, narrowed, text, whole
from bench.stats.threshold_grammar import check_selector, parse_slo

LONGEST_RULE = 300
"""Characters of a threshold; a mistake in one is quoted whole."""
_STOP = StopSpec()


def _with_precision(field: str) -> Any:
    """What the search for precision needs is written only with it."""
    return lambda stop: None if stop.precision is None else getattr(stop, field)


STOP = Section(
    "stop",
    (
        Key(
            "after",
            "this time has passed, at that very instant in all workers",
            span,
            None,
            fills="after_ns",
        ),
        Key(
            "invocations",
            "exactly so many have begun in measured phases, over all variants, and have ended; a "
            "dropped arrival is none of them. A search ends within a quarter second of it",
            whole(1, 2**53),
            None,
        ),
        Key("spend", "this amount is spent", usd, None, fills="spend_usd"),
        Key("error_rate", "this share has failed, after the first hundred", share, None),
        Key(
            "precision",
            'the percentile of every variant is known this well: `"3%"`',
            part,
            None,
        ),
        Key(
            "percentile",
            "which one that is",
            quantile,
            _STOP.precision_q,
            fills="precision_q",
            of=_with_precision("precision_q"),
        ),
        Key(
            "confidence",
            "of the interval that is that narrow",
            part,
            _STOP.confidence,
            of=_with_precision("confidence"),
        ),
    ),
    meaning="the run ends early when",
)
LIMITS = Section(
    "limits",
    (
        Key(
            "max_spend",
            'the run ends once it has cost so much: `"2.50 USD"`',
            usd,
            None,
            fills="max_spend_usd",
        ),
        Key(
            "max_variants",
            "a profile with more variants is refused; `lamload run --yes` lets them be",
            whole(1, MOST_VARIANTS),
            MANY_VARIANTS,
        ),
    ),
)
RECORD = Section(
    "record",
    (
        Key(
            "attempts",
            "write `attempts.csv`, a row for each attempt",
            flag,
            False,
            fills="record_attempts",
        ),
        Key(
            "gather",
            "of a fleet: fetch those rows from its machines at the end; with `false` they keep "
            "none, and there is no `attempts.csv`",
            flag,
            True,
            fills="gather_attempts",
        ),
    ),
)


def _rule(threshold: str) -> str:
    if len(threshold) > LONGEST_RULE:
        raise ValueError(f"is no threshold: it has {len(threshold)} characters")
    parse_slo(threshold)
    return threshold


def _slo_texts(profile: Profile) -> dict[str, str]:
    return {slo.name: slo.text for slo in profile.slos}


SLO = NamesKey("slo", "thresholds by name", narrowed(text, _rule), ANY_NAME, of=_slo_texts)


def read_slos(root: Table, variants: Sequence[Variant]) -> tuple[Slo, ...]:
    """The [slo] table: name = threshold."""
    found = SLO.read(root)
    for name, threshold in found.items() if variants else ():
        try:
            check_selector(parse_slo(threshold), variants)
        except ValueError as error:
            root.fault(joined("slo", quoted(name)), str(error))
    return tuple(Slo(name, threshold) for name, threshold in found.items())


def read_stop(table: Table) -> StopSpec:
    """What the [stop] table asks for; its mistakes are noted in it."""
    for key in ("percentile", "confidence"):
        if key in table and "precision" not in table:
            table.fault(key, 'is for precision: set precision = "3%" too')
    return StopSpec(**values(table, STOP))
