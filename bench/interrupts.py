"""SIGINT, SIGTERM and SIGHUP, heard for as long as something is held that has to be given back.

Between two event loops, and before and after them, a signal is a KeyboardInterrupt: the command
ends with 130. Within a loop it is whatever the code that runs there has said with `answered_by`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Protocol

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SignalHandler = Callable[[int], object]
"""Called in the event loop with how many signals there have been; the first is 1."""


class Interrupts:
    """Within `heard`, all signals that ask for an end; `count` is how many there were."""

    def __init__(self) -> None:
        self.count = 0
        self._answer: tuple[asyncio.AbstractEventLoop, SignalHandler] | None = None

    @contextmanager
    def heard(self) -> Iterator[Interrupts]:
        """From here to the end. What was ignored (nohup, a job in the background) stays so."""
        before = {
            number: signal.signal(number, self._on_signal)
            for number in NUMBERS
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def answered_by(self, answer: SignalHandler) -> Iterator[None]:
        """Within this, in the running event loop, a signal does that and nothing else.

        So does one that came before: it may have found nothing yet that it could have ended.
        """
        loop = asyncio.get_running_loop()
        outer, self._answer = self._answer, (loop, answer)
        if self.count:
            loop.call_soon(answer, self.count)
        try:
            yield
        finally:
            self._answer = outer

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self._answer is None:
            raise KeyboardInterrupt
        loop, answer = self._answer
        loop.call_soon_threadsafe(answer, self.count)


def ask_for_nothing(_count: int) -> None:
    """The answer of who is giving everything back already."""


class Child(Protocol):
    """A process that somebody of ours waits for."""

    @property
    def pid(self) -> int:
        """Its own until the wait for it has ended."""

    @property
    def returncode(self) -> int | None:
        """None as long as it is waited for."""


def send_signal(child: Child, number: int) -> None:
    """Signal a child, unless it has ended.

    asyncio's own way asks first whether it has, and takes its exit status away from whoever waits
    for that: what was killed would be told as `exit status 255`.
    """
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(child.pid, number)
