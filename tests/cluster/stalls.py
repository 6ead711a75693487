"""How long a process had no core of this system's: a trial that went wrong then says little."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic_ns

from bench.model.times import NS_PER_S

LOOK_S = 0.25
NAMING_NS = 5 * NS_PER_S


class Stalls:
    """What the main thread of a process has waited for a core, and when that was seen."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen: list[tuple[int, int]] = []
        """(instant, what it has waited by then), ns."""

    def watch(self, is_over: Event) -> None:
        """Until it is over, or the process is."""
        while not is_over.wait(LOOK_S):
            try:
                stat = Path(f"/proc/{self._pid}/schedstat").read_text("ascii")
            except OSError:
                return
            self._seen.append((monotonic_ns(), int(stat.split()[1])))

    def waited_s(self, from_ns: int, for_ns: int = NAMING_NS) -> float:
        """For a core, within so long from an instant on."""
        waits = [wait for at_ns, wait in self._seen if from_ns <= at_ns <= from_ns + for_ns]
        return (waits[-1] - waits[0]) / NS_PER_S if waits else 0.0


@contextmanager
def stalls(pid: int) -> Iterator[Stalls]:
    """Those from here to the end of the block."""
    seen, is_over = Stalls(pid), Event()
    watching = Thread(target=seen.watch, args=(is_over,), daemon=True)
    watching.start()
    try:
        yield seen
    finally:
        is_over.set()
        watching.join()
