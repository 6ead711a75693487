"""Two runs as one, for pictures: the variants of the earlier one beside those of the later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from bench.model.result import Window
from bench.model.variant import Variant
from bench.record.recorded_run import RecordedRun
from bench.record.second_figures import SecondFigures
from bench.report.svg import ALL_LOOKS

T = TypeVar("T")

BEFORE = "before"
"""What a variant of the earlier run is labelled with."""


def laid_over(run: RecordedRun, base: RecordedRun) -> RecordedRun:
    """run with the variants of base behind its own, each labelled as the earlier one."""
    windows = [replace(w, variant=_before(w.variant)) for w in base.windows]
    names = {w.variant.name: _before(w.variant).name for w in base.windows}
    return replace(
        run,
        windows=(*run.windows, *windows),
        curves={**run.curves, **_renamed(base.curves, names)},
        class_curves={**run.class_curves, **_renamed(base.class_curves, names)},
        seconds=_both(run.second_figures(), base.second_figures()),
    )


def _before(variant: Variant) -> Variant:
    label = BEFORE if variant.label is None else f"{variant.label}-{BEFORE}"
    return replace(variant, label=label)


def _renamed(by_name: Mapping[str, T], names: Mapping[str, str]) -> dict[str, T]:
    return {names[name]: value for name, value in by_name.items() if name in names}


def _both(run: SecondFigures, base: SecondFigures) -> SecondFigures:
    earlier = base.rows.copy()
    earlier["variant"] += len(run.variants)
    earlier["phase"] += len(run.phases)
    variants = (*run.variants, *map(_before, base.variants))
    heat = {**run.heat, **{_before(variant): own for variant, own in base.heat.items()}}
    rows = np.concatenate((run.rows, earlier))
    return SecondFigures(variants, rows, heat, (*run.phases, *base.phases))


def looks_apart(count: int) -> int:
    """Between the looks of a variant and of its earlier self: dashes that none of the later has."""
    return ALL_LOOKS // 2 + ALL_LOOKS * max(0, -(-(count - ALL_LOOKS // 2) // ALL_LOOKS))


def looks(windows: tuple[Window, ...]) -> dict[str, int]:
    """By name, the index by which a variant is drawn: an earlier one as its later self, dashed."""
    names = [window.variant.name for window in windows]
    own = {name: index for index, name in enumerate(names)}
    apart = looks_apart(len(names))
    for window in windows:
        label = window.variant.label
        if label is None or not label.endswith(BEFORE):
            continue
        later = replace(window.variant, label=label.removesuffix(BEFORE).removesuffix("-") or None)
        if later.name in own:
            own[window.variant.name] = own[later.name] + apart
    return own
