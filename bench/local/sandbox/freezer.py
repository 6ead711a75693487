"""Between invocations no thread of an environment runs; its sockets, timers and memory stay."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from bench.local.sandbox.cpu import Meter

FREEZE_AFTER_S = 0.002
"""How long an environment has nothing to do before it is frozen.

Thawing costs Python some 3 µs of CPU and Node, with its seven threads, some 50: an environment that
gets work all the time is spared it. What a handler leaves to be done at once is done before.
"""


class Freezer:
    """Stops one environment's processes while it waits for work, if that is wanted."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._stopped: Meter | None = None
        """Of the processes that are."""
        self._timer: asyncio.TimerHandle | None = None

    def idle(self, meter: Meter, still_idle: Callable[[], bool]) -> None:
        """It waits for work: stop it in a moment, if still_idle says so then."""

        def stop() -> None:
            if still_idle():
                meter.send_signal(signal.SIGSTOP)
                self._stopped = meter

        if self._wanted:
            self.cancel()
            self._timer = asyncio.get_running_loop().call_later(FREEZE_AFTER_S, stop)

    def thaw(self) -> None:
        """It has work, which lies there already: let it run."""
        self.cancel()
        if self._stopped is not None:
            self._stopped.send_signal(signal.SIGCONT)
            self._stopped = None

    def cancel(self) -> None:
        """Its processes stay as they are, or are gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def gone(self) -> None:
        """There are no processes any more."""
        self.cancel()
        self._stopped = None
