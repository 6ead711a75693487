"""Which nodes do not hear this side, though others hear them: what they report comes all the same.

One that cannot be told anything, nor asked to end, is as lost as one that is silent. It is told
from one that stands still: that answers nobody meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.load.silence import Silence
from bench.model.times import NS_PER_MS

BEAT_NS = 500 * NS_PER_MS
"""From one question to a node to the next."""
BEAT_EACH_NS = 32 * NS_PER_MS
"""Likewise for each node of many: an exchange takes the coordinator a millisecond of CPU."""
LONGEST_BEAT_NS = 2800 * NS_PER_MS
"""The most of it: what is left until a node is to be named is for its answer."""
_NAMED_NS = 4600 * NS_PER_MS
"""From the last answer to the end of patience; with a look, a node is named within 5 s."""


def beat_ns(nodes: int) -> int:
    """From one question to each of so many nodes to the next."""
    return max(BEAT_NS, min(nodes * BEAT_EACH_NS, LONGEST_BEAT_NS))


class Reach:
    """By number, nodes that have not answered this side, and who has heard them since."""

    def __init__(self, nodes: int, longest_step_ns: int) -> None:
        """nodes: how many are asked in turn. longest_step_ns: the most that a look adds."""
        self._unanswered = Silence(_NAMED_NS - beat_ns(nodes), longest_step_ns)
        self._asked: set[int] = set()
        self._heard_of: set[int] = set()

    def ask(self, number: int) -> None:
        """A node is asked: the first question without an answer counts."""
        if number not in self._asked:
            self._asked.add(number)
            self._unanswered.expect(number)

    def heard(self, number: int) -> None:
        """A node has answered this side."""
        self._asked.discard(number)
        self._heard_of.discard(number)
        self._unanswered.heard(number, last=True)

    def heard_of(self, number: int) -> None:
        """A node has answered others."""
        if number in self._asked:
            self._heard_of.add(number)

    def out_of_reach(self, now_ns: int) -> Iterator[int]:
        """Those that have left a question of this side's unanswered for too long by now."""
        for number in self._unanswered.overdue(now_ns):
            is_heard = number in self._heard_of
            self.heard(number)
            if is_heard:
                yield number
