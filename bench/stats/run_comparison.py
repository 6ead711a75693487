"""Two runs against each other, variant by variant. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.model.result import LADDER, Measure, Window
from bench.stats.alike import Curves, Judgement
from bench.stats.block_quantiles import Pool
from bench.stats.paired import Difference, difference, told_apart

QUANTILES = tuple(sorted(LADDER))
UNLIKE = ("name", "title")
"""Keys of a resolved profile that make no difference to results."""


@dataclass(frozen=True, slots=True)
class VariantChange:
    """A variant in both runs. A difference is None where one of the two is not known."""

    base: Window
    other: Window
    differences: tuple[Difference | None, ...]
    """Of the response time, in the order of QUANTILES; all of a table share one error rate."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A key in which two profiles differ; None is a key that is not there."""

    key: str
    base: Any
    other: Any


@dataclass(frozen=True, slots=True)
class Slower:
    """What a limit to a rise says: variants beyond it, and those of which nobody knows."""

    variants: tuple[str, ...]
    unknown: tuple[str, ...]
    quantiles: Mapping[str, float]
    """Which quantile was looked at, by variant."""


def changes(
    base: tuple[tuple[Window, ...], Curves], other: tuple[tuple[Window, ...], Curves]
) -> tuple[VariantChange, ...]:
    """The variants that both runs have, in the order of the base."""
    shared, pools = _shared(base[0], other[0]), _pools(base[1], other[1])
    found = told_apart(
        [
            _difference(window.variant.name, base[1], other[1], q, pools)
            for window, _ in shared
            for q in QUANTILES
        ]
    )
    step = len(QUANTILES)
    return tuple(
        VariantChange(before, after, found[step * index : step * (index + 1)])
        for index, (before, after) in enumerate(shared)
    )


def slower(
    base: tuple[tuple[Window, ...], Curves],
    other: tuple[tuple[Window, ...], Curves],
    quantiles: Sequence[float],
    share: float,
) -> Slower:
    """Whose quantile of response time rose by more than a share (0.1 is 10 %), surely.

    quantiles: of each variant the first one that is known counts. The interval of the rise lies
    beyond the share, at one error rate for all variants.
    """
    names = [window.variant.name for window, _ in _shared(base[0], other[0])]
    pools = _pools(base[1], other[1])
    found = told_apart(
        [_first_known(name, base[1], other[1], quantiles, pools, share) for name in names]
    )
    judged = list(zip(names, found, strict=True))
    return Slower(
        tuple(name for name, one in judged if one is not None and _is_beyond(one, share)),
        tuple(name for name, one in judged if one is None or one.p_value is None),
        {name: one.q for name, one in judged if one is not None},
    )


def _pools(base: Curves, other: Curves) -> tuple[Pool, Pool]:
    return Judgement(base).pool(shared=False), Judgement(other).pool(shared=False)


def _first_known(
    variant: str,
    base: Curves,
    other: Curves,
    quantiles: Sequence[float],
    pools: Sequence[Pool],
    share: float,
) -> Difference | None:
    for q in quantiles:
        found = _difference(variant, base, other, q, pools, share)
        if found is not None and found.p_value is not None:
            return found
    return None


def _is_beyond(found: Difference, share: float) -> bool:
    return found.is_distinguishable and found.value_ns > share * found.base_ns


def _shared(base: Sequence[Window], other: Sequence[Window]) -> list[tuple[Window, Window]]:
    windows = {window.variant: window for window in other}
    return [(window, windows[window.variant]) for window in base if window.variant in windows]


def settings_changed(base_toml: str, other_toml: str) -> tuple[Setting, ...]:
    """Where two resolved profiles differ, by key."""
    base, other = (dict(_flat("", tomllib.loads(text))) for text in (base_toml, other_toml))
    return tuple(
        Setting(key, base.get(key), other.get(key))
        for key in {**base, **other}
        if base.get(key) != other.get(key) and key not in UNLIKE
    )


def _difference(
    variant: str,
    base: Curves,
    other: Curves,
    q: float,
    pools: Sequence[Pool],
    margin: float = 0.0,
) -> Difference | None:
    curves = [run.get(variant, {}).get(Measure.RESPONSE) for run in (base, other)]
    if curves[0] is None or curves[1] is None:
        return None
    return difference(curves[0], curves[1], q, share_blocks=False, margin=margin, pools=pools)


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _flat(f"{path}[{index}]", item)
    else:
        yield path, value
