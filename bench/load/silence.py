"""Who says nothing any more: a process that is stopped, swapped out or stuck in the kernel.

Silence is counted in time that the coordinator itself lived through: one that was suspended, or had
no core, has not been listening and finds nobody guilty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bench.model.times import NS_PER_MS, NS_PER_S

DEADLINE_NS = 5 * NS_PER_S
"""Workers say something each quarter of a second; nothing that goes well takes so long."""
GIVEN_UP_NS = 4 * NS_PER_S
"""The same on a fleet: who has been silent for so long is lost, and its share counts as not sent.
"""
_LONGEST_STEP_NS = 500 * NS_PER_MS
"""The most that a look adds, whenever the last one was."""
_STOPPED = b"Tt"


class Silence:
    """By name, for how long each has been silent."""

    def __init__(
        self, deadline_ns: int = DEADLINE_NS, longest_step_ns: int = _LONGEST_STEP_NS
    ) -> None:
        """longest_step_ns: the most that a look adds, whenever the last one was."""
        self._deadline_ns = deadline_ns
        self._longest_step_ns = longest_step_ns
        self._silent_ns: dict[int, int] = {}
        self._looked_ns: int | None = None

    def expect(self, name: int) -> None:
        """From now on this one has to be heard."""
        self._silent_ns[name] = 0

    def heard(self, name: int, *, last: bool = False) -> None:
        """It said something. last: and will say no more."""
        if last:
            self._silent_ns.pop(name, None)
        elif name in self._silent_ns:
            self._silent_ns[name] = 0

    def overdue(self, now_ns: int) -> Iterator[int]:
        """Those who have been silent for too long by now; each is told once."""
        before_ns = now_ns if self._looked_ns is None else self._looked_ns
        self._looked_ns = now_ns
        step_ns = min(max(0, now_ns - before_ns), self._longest_step_ns)
        for name in list(self._silent_ns):
            self._silent_ns[name] += step_ns
            if self._silent_ns[name] > self._deadline_ns:
                del self._silent_ns[name]
                yield name


class Stillness:
    """How long a process of ours, or one below it, has been stopped."""

    def __init__(
        self,
        now_ns: Callable[[], int],
        deadline_ns: int = DEADLINE_NS,
        stopped: Callable[[int], bool] | None = None,
    ) -> None:
        """stopped: whether a process is, by its pid; None asks the system."""
        self._now_ns = now_ns
        self._deadline_ns = deadline_ns
        self._stopped = stopped or is_stopped
        self._looked_ns: int | None = None
        self._latest_ns = 0
        """For how long it has been stopped now, 0 if it is not."""
        self._whole_ns = 0
        self.is_over = False
        """True once it has been stopped for too long at a time."""

    def observe(self, pids: Iterable[int]) -> bool:
        """See whether any of them is stopped now; True if one has been for too long."""
        now_ns = self._now_ns()
        before_ns = now_ns if self._looked_ns is None else self._looked_ns
        self._looked_ns = now_ns
        if not any(map(self._stopped, pids)):
            self._latest_ns = 0
            return False
        step_ns = min(max(1, now_ns - before_ns), _LONGEST_STEP_NS)
        self._latest_ns += step_ns
        self._whole_ns += step_ns
        self.is_over = self._latest_ns > self._deadline_ns
        return self.is_over

    def seen(self) -> dict[str, float]:
        """`stood_still_ms` in all, to the look; {} if it never did."""
        return {"stood_still_ms": self._whole_ns / NS_PER_MS} if self._whole_ns else {}


def silent_words(deadline_ns: int = DEADLINE_NS) -> str:
    """`did not answer for 5 s`, with the name before it."""
    return f"did not answer for {deadline_ns / NS_PER_S:g} s"


def is_stopped(pid: int) -> bool:
    """True if a process is stopped by a signal or a debugger; False where nobody can tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    state = stat[stat.rindex(b")") + 2 :][:1]
    return bool(state) and state in _STOPPED


def children_of(pid: int) -> tuple[int, ...]:
    """Processes that this one's main thread has started; none where nobody can tell."""
    try:
        return tuple(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_bytes().split()))
    except (OSError, ValueError):
        return ()
