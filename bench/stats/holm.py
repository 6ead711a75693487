"""Many comparisons, one error rate. Pure.

Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6,
1979: the chance that a table of equals shows any difference is at most α, whatever hangs together.
"""

from __future__ import annotations

from collections.abc import Sequence


def pairs(variants: int) -> int:
    """How many comparisons there are between so many."""
    return variants * (variants - 1) // 2


def apart_from_one(p_values: Sequence[float | None], alpha: float = 0.05) -> tuple[bool, ...]:
    """Which variants differ from one that was picked by the very figures that are compared.

    All pairs count as compared, but for those of variants that have fallen: of a table of equals
    any is told apart in at most a share alpha of cases, and so is any of those that are equal to
    the one picked. None is one that cannot be tested.
    """
    tested = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    fallen = set()
    for left, (p, index) in zip(range(len(tested) + 1, 1, -1), tested, strict=True):
        if p > alpha / pairs(left):
            break
        fallen.add(index)
    return tuple(index in fallen for index in range(len(p_values)))


def rejected(
    p_values: Sequence[float | None], alpha: float = 0.05, family: int | None = None
) -> tuple[bool, ...]:
    """Which hypotheses of equality fall, in the order given; None is one that cannot be tested.

    family: of how many comparisons these were picked, at least as many as can be tested.
    """
    tested = [(p, index) for index, p in enumerate(p_values) if p is not None]
    left = max(len(tested), family or 0)
    fallen = set()
    for p, index in sorted(tested):
        if p > alpha / left:
            break
        fallen.add(index)
        left -= 1
    return tuple(index in fallen for index in range(len(p_values)))
