"""Credentials that end during a run: asked for beside the load, and never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event, current_thread

from bench.aws.credentials import REFRESH_MARGIN_S, Credentials
from bench.errors import TargetError
from bench.load.renewal import AGAIN_S, Renewal

END_S = 10_000
FIRST = Credentials("AKIDFIRST", "secret", "token", END_S)
SECOND = Credentials("AKIDSECOND", "secret", "token", END_S + 3600)
LAST_GOOD_S = float(END_S - REFRESH_MARGIN_S)


class Trial:
    """A time of day turned by hand, and what the run was told."""

    def __init__(self, load: Callable[[], Credentials]) -> None:
        self.now_s = LAST_GOOD_S
        self.asked = 0
        self.fresh: list[Credentials] = []
        self.words: list[str] = []
        self._load = load
        self.renewal = Renewal(
            FIRST,
            self._counted,
            now_s=lambda: self.now_s,
            renewed=self.fresh.append,
            refused=self.words.append,
        )

    def _counted(self) -> Credentials:
        self.asked += 1
        return self._load()

    async def look(self, at_s: float) -> None:
        """Look at an instant, and wait for whoever is asked then."""
        self.now_s = at_s
        self.renewal.look()
        if self.renewal._asking is not None:
            await asyncio.wait_for(self.renewal._asking, 10)


def refuse() -> Credentials:
    raise TargetError("the session has ended: log in again")


async def test_new_ones_are_asked_for_once_the_old_ones_end_soon() -> None:
    trial = Trial(lambda: SECOND)
    await trial.look(LAST_GOOD_S)
    assert trial.asked == 0
    await trial.look(LAST_GOOD_S + 1)
    await trial.look(LAST_GOOD_S + 2)
    assert trial.asked == 1
    assert trial.fresh == [SECOND]


async def test_nobody_waits_for_who_is_asked_and_nobody_is_asked_twice_meanwhile() -> None:
    may_answer = Event()
    threads: list[bool] = []

    def slow() -> Credentials:
        threads.append(current_thread().daemon)
        may_answer.wait(10)
        return SECOND

    trial = Trial(slow)
    trial.now_s += 1
    for _ in range(3):
        trial.renewal.look()
        await asyncio.sleep(0)
    assert trial.asked == 1
    assert trial.fresh == []
    may_answer.set()
    await trial.look(trial.now_s)
    assert trial.fresh == [SECOND]
    assert threads == [True]  # it holds up nobody's end


async def test_a_refusal_is_told_once_and_asked_again_without_end_of_the_load() -> None:
    answers: list[Callable[[], Credentials]] = [refuse, refuse, lambda: SECOND]
    trial = Trial(lambda: answers.pop(0)())
    await trial.look(LAST_GOOD_S + 1)
    await trial.look(LAST_GOOD_S + 2)
    assert trial.asked == 1
    assert trial.words == [
        "there are no new credentials, and those in use end in 299 s: "
        "the session has ended: log in again"
    ]
    await trial.look(LAST_GOOD_S + 1 + AGAIN_S)
    assert (trial.asked, len(trial.words)) == (2, 1)
    await trial.look(LAST_GOOD_S + 1 + 2 * AGAIN_S)
    assert trial.fresh == [SECOND]


async def test_the_same_again_is_no_news_and_is_asked_for_sooner_towards_the_end() -> None:
    trial = Trial(lambda: FIRST)
    await trial.look(END_S - 20)
    await trial.look(END_S - 11)
    assert trial.asked == 1
    await trial.look(END_S - 10)
    assert trial.asked == 2
    await trial.look(END_S + 1)
    await trial.look(END_S + AGAIN_S)
    assert trial.asked == 3
    assert trial.fresh == []


async def test_who_never_answers_is_left_behind() -> None:
    may_answer = Event()

    def hangs() -> Credentials:
        may_answer.wait(10)
        return SECOND

    trial = Trial(hangs)
    trial.now_s += 1
    trial.renewal.look()
    await asyncio.sleep(0)
    trial.renewal.close()
    await asyncio.sleep(0)
    assert trial.renewal._asking is not None
    assert trial.renewal._asking.cancelled()
    may_answer.set()
