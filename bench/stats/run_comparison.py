"""Two runs against each other, variant by variant. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.model.result import LADDER, Measure, Window
from bench.stats.bootstrap import Difference, difference
from bench.stats.quantiles import Curve

Curves = Mapping[str, Mapping[Measure, Curve]]
QUANTILES = tuple(sorted(LADDER))
UNLIKE = ("name", "title")
"""Keys of a resolved profile that make no difference to results."""


@dataclass(frozen=True, slots=True)
class VariantChange:
    """A variant in both runs. A difference is None where one of the two is not known."""

    base: Window
    other: Window
    differences: tuple[Difference | None, ...]
    """Of the response time, in the order of QUANTILES."""

    def is_slower(self, q: float, share: float) -> bool:
        """True if quantile q has risen by more than a share (0.1 is 10 %) and not by chance."""
        found = self.differences[QUANTILES.index(q)]
        if found is None or not found.is_distinguishable or found.relative is None:
            return False
        return found.relative > share


@dataclass(frozen=True, slots=True)
class Setting:
    """A key in which two profiles differ; None is a key that is not there."""

    key: str
    base: Any
    other: Any


def changes(
    base: tuple[tuple[Window, ...], Curves], other: tuple[tuple[Window, ...], Curves]
) -> tuple[VariantChange, ...]:
    """The variants that both runs have, in the order of the base."""
    windows = {window.variant: window for window in other[0]}
    return tuple(
        VariantChange(
            window,
            windows[window.variant],
            tuple(_difference(window.variant.name, base[1], other[1], q) for q in QUANTILES),
        )
        for window in base[0]
        if window.variant in windows
    )


def settings_changed(base_toml: str, other_toml: str) -> tuple[Setting, ...]:
    """Where two resolved profiles differ, by key."""
    base, other = (dict(_flat("", tomllib.loads(text))) for text in (base_toml, other_toml))
    return tuple(
        Setting(key, base.get(key), other.get(key))
        for key in {**base, **other}
        if base.get(key) != other.get(key) and key not in UNLIKE
    )


def _difference(variant: str, base: Curves, other: Curves, q: float) -> Difference | None:
    curves = [run.get(variant, {}).get(Measure.RESPONSE) for run in (base, other)]
    if curves[0] is None or curves[1] is None:
        return None
    return difference(curves[0], curves[1], q)


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _flat(f"{path}[{index}]", item)
    else:
        yield path, value
