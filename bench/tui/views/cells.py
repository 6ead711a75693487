"""Cells that several tables have: what a variant is, quantiles, counts. What is not known sorts
last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.format import UNKNOWN, count, maximum_ms, quantile_ms, quantile_text
from bench.model.result import QUANTILES, Distribution, Quantile
from bench.record.columns import quantile_name
from bench.tui.palette import Tone
from bench.tui.state import ViewState, short_name
from bench.tui.widgets.columns import MARKER, Cell, Column

VARIANT_COLUMNS = (
    Column(MARKER, "", 1),
    Column("size", "memory", 7, falls=False),
    Column("endpoint", "endpoint", 10, left=True, wide_header="variant"),
)


def variant_cells(state: ViewState, name: str) -> dict[str, Cell]:
    """Marker, size and endpoint of a variant; or in what else it differs from the others."""
    variant, style = state.totals[name].variant, state.styles[name]
    hidden = name in state.hidden
    arm = "a" if variant.architecture.value == "arm64" else ""
    memory = variant.memory_mb
    own = short_name(variant) if any(variant.named_levels()) else ""
    return {
        MARKER: Cell("-" if hidden else style.marker, series=None if hidden else style),
        "size": Cell(
            UNKNOWN if memory is None else f"{memory} MB"[: 7 - len(arm)] + arm,
            memory or "",
            Tone.STRONG,
        ),
        "endpoint": Cell(
            own or variant.endpoint.value, own or variant.endpoint.value, wide=bool(own)
        ),
    }


def quantile_cell(value: Quantile | None) -> Cell:
    """A quantile in ms; one that is not known sorts as nothing."""
    known = value is not None and value.known
    return Cell(quantile_ms(value), float(value.value_ns) if value is not None and known else "")


def quantile_columns(prefix: str, group: str, ranks: Mapping[float, int]) -> Iterator[Column]:
    """A column per quantile, in ms; prefix tells whose it is. ranks: see Column.

    Raises ValueError for a quantile that no summary has: its column would be empty for ever.
    """
    for q, rank in ranks.items():
        if q not in QUANTILES:
            raise ValueError(f"{quantile_text(q)} is none of the quantiles of a summary")
        yield Column(_quantile_key(prefix, q), quantile_text(q), 7, rank, group=group)


def quantile_cells(
    prefix: str, distribution: Distribution, ranks: Mapping[float, int]
) -> dict[str, Cell]:
    """What stands in these columns."""
    return {_quantile_key(prefix, q): quantile_cell(distribution.at(q)) for q in ranks}


def _quantile_key(prefix: str, q: float) -> str:
    return prefix + quantile_name(q).removeprefix("p")


def maximum_cell(distribution: Distribution) -> Cell:
    """The largest value in ms."""
    return Cell(maximum_ms(distribution), float(distribution.max_ns) if distribution.count else "")


def count_cell(number: int, tone: Tone = Tone.TEXT) -> Cell:
    """A count that is quiet while it is nought."""
    return Cell(count(number), number, tone if number else Tone.DIM)
