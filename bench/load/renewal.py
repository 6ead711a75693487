"""Credentials that end during a run, and where the next ones come from: never at the run's expense.

A process or a service of the user's is asked, which may take its time, hang or refuse. The load
goes on meanwhile with what it has, which is good for minutes yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Thread

from bench.aws.credentials import Credentials
from bench.errors import LamloadError

AGAIN_S = 30
"""From one question to the next, at most, where credentials are about to end."""


class Renewal:
    """Of the credentials that a run signs with. Call `look` often; it returns at once."""

    def __init__(
        self,
        held: Credentials,
        load: Callable[[], Credentials],
        *,
        now_s: Callable[[], float],
        renewed: Callable[[Credentials], None],
        refused: Callable[[str], None],
    ) -> None:
        """load: blocks until there are some, or raises LamloadError. now_s: the time of day.

        refused: hears in words why there are no new ones, once until there are.
        """
        self._held = held
        self._load = load
        self._now_s = now_s
        self._renewed = renewed
        self._refused = refused
        self._next_s = 0.0
        self._asking: asyncio.Future[None] | None = None
        self._has_refused = False

    def look(self) -> None:
        """Ask for new ones if those that are held end soon, and nobody is asked already."""
        now_s = self._now_s()
        is_asking = self._asking is not None and not self._asking.done()
        if not is_asking and now_s >= self._next_s and self._held.needs_refresh(int(now_s)):
            self._asking = asyncio.ensure_future(self._ask())

    async def _ask(self) -> None:
        found = await _in_a_thread(self._load)
        if isinstance(found, LamloadError):
            self._refuse(str(found))
        else:
            self._has_refused = False
            if found != self._held:
                self._held = found
                self._renewed(found)
        left_s = (self._held.expires_epoch_s or 0) - self._now_s()
        self._next_s = self._now_s() + (
            min(AGAIN_S, max(1.0, left_s / 2)) if left_s > 0 else AGAIN_S
        )

    def _refuse(self, words: str) -> None:
        if self._has_refused:
            return
        self._has_refused = True
        left_s = (self._held.expires_epoch_s or 0) - int(self._now_s())
        ends = f"end in {left_s} s" if left_s > 0 else "have ended"
        self._refused(f"there are no new credentials, and those in use {ends}: {words}")

    def close(self) -> None:
        """Whoever is asked may never answer: nobody waits for that."""
        if self._asking is not None:
            self._asking.cancel()


async def _in_a_thread(load: Callable[[], Credentials]) -> Credentials | LamloadError:
    """What load returns, or refuses with. The thread holds up nobody's end: executors' would."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Credentials | LamloadError] = loop.create_future()

    def tell(result: Credentials | LamloadError) -> None:
        if not found.done():
            found.set_result(result)

    def run() -> None:
        try:
            result: Credentials | LamloadError = load()
        except LamloadError as error:
            result = error
        except Exception as error:  # noqa: BLE001 - botocore's plug-ins raise what they like
            result = LamloadError(f"{type(error).__name__}: {error}")
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, result)

    Thread(target=run, name="credentials", daemon=True).start()
    return await found
