"""What an interval of confidence rests on, and how a view says so. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from bench.stats.blocks import Blocks
from bench.stats.dependence import Dependence

TOO_FEW = "too few blocks to know"


class Rest(StrEnum):
    """What is taken as independent."""

    ASSUMED = "iid, not tested"
    """Single samples, as nobody knows when each came."""
    IID = "iid"
    """Single samples: blocks of time differ no more than chance makes them."""
    BLOCKS = "blocks"
    """Only what lies far apart in time: the variance is that between blocks."""
    PAIRED = "pairs of blocks"
    """Blocks of one place: one variant's against another's."""
    OF_BOTH = "blocks of each run"
    """Blocks of two runs, each judged by itself."""
    TOO_FEW = TOO_FEW
    """Nothing: there is no interval."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What an interval rests on. block_s: seconds of a block; rounds: or in rounds.

    anytime: it holds however often it is looked at while samples come.
    """

    rest: Rest = Rest.ASSUMED
    design_effect: float = 1.0
    df: int | None = None
    blocks: int = 0
    block_s: float = 0.0
    rounds: int = 0
    anytime: bool = False

    @property
    def is_known(self) -> bool:
        """False if there are too few blocks."""
        return self.rest is not Rest.TOO_FEW

    @property
    def text(self) -> str:
        """`iid`, `blocks of 2 s, design effect 3.1`, `16 pairs of blocks`, `anytime, iid`.

        Or `too few blocks to know`.
        """
        text = self.rest.value
        if self.rest in (Rest.PAIRED, Rest.OF_BOTH):
            text = f"{self.blocks} {text}"
        if self.rest is Rest.BLOCKS:
            text = f"blocks of {self._length}, design effect {_short(self.design_effect)}"
        return f"anytime, {text}" if self.anytime and self.is_known else text

    @property
    def _length(self) -> str:
        if self.rounds:
            return f"{self.rounds} round{'s' if self.rounds > 1 else ''}"
        return f"{self.block_s:g} s"


NOT_TESTED = Basis()
"""Of samples without a place in time."""


def basis_of(blocks: Blocks | None, found: Dependence | None, anytime: bool = False) -> Basis:
    """The basis of an interval; blocks None: no sample has a place in time."""
    if blocks is None:
        return replace(NOT_TESTED, anytime=anytime)
    if found is None:
        return Basis(Rest.TOO_FEW, blocks=int(blocks.keys.size), anytime=anytime)
    return Basis(
        Rest.IID if found.is_independent else Rest.BLOCKS,
        found.design_effect,
        found.df,
        found.blocks,
        blocks.length_s,
        blocks.rounds_each,
        anytime,
    )


def _short(number: float) -> str:
    return f"{number:.1f}" if number < 100 else f"{number:.0f}"
