"""Many comparisons, one error rate. Pure.

Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6,
1979: the chance that a table of equals shows any difference is at most α, whatever hangs together.
"""

from __future__ import annotations

from collections.abc import Sequence


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
