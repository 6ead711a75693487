"""`lamload` alone on a terminal: choose a profile, start it, watch it. Shown by bench.cli."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.run import conclude
from bench.commands.support.live_view import check_folder, preferences, show, watched
from bench.commands.support.plan_words import (
    arrival_words,
    cost_words,
    order_words,
    phase_lines,
    search_words,
    target_words,
    time_words,
    usd_words,
)
from bench.commands.support.progress import Progress
from bench.errors import ExitCode, InterruptedRun, LamloadError
from bench.interrupts import Interrupts
from bench.model.profile import Profile, TargetKind
from bench.model.times import NS_PER_S

if TYPE_CHECKING:
    from bench.forecast import Forecast
    from bench.load.session import RunResult
    from bench.tui.app import ProfileCard
    from bench.tui.preferences import Preferences
    from bench.tui.source import RunSource

BILLED_MS = 100.0
"""Billed duration at a whole core that the expected cost assumes, as `lamload plan` does."""
FIRST = "quickstart"
_ORDER = {"LOCAL": 0, "URL": 1, "AWS": 2}
_TARGETS = {TargetKind.LOCAL: "LOCAL", TargetKind.AWS: "AWS", TargetKind.HTTP: "URL"}


def choose(out: Path) -> int:
    """Show the set-up screen and run what is chosen there; the code to exit with."""
    settings = preferences()
    with Interrupts().heard() as interrupts:
        result = asyncio.run(_choose(out, settings, interrupts))
        if result is None:
            return ExitCode.INTERRUPTED if interrupts.count else ExitCode.OK
        return conclude(result, interrupts, as_json=False, allow_invalid=False)


async def _choose(out: Path, settings: Preferences, interrupts: Interrupts) -> RunResult | None:
    from bench.tui.app import LamloadApp

    progress = Progress()
    async with watched(out, progress, interrupts) as run:

        async def start(line: str) -> RunSource:
            check_folder(out)
            try:
                session = await run.start(_loaded(line), ["run", *_named(line)])
            except InterruptedRun:
                app.exit()
                raise
            run.show_crash_in(app)
            return session

        app = LamloadApp.setup(
            list(cards()), mistakes, start, card_of, runs_root=out, preferences=settings
        )
        leaving = await show(app, progress, interrupts)
        if not run.is_started:
            return None
        run.leave(leaving)
        return await run.follow()


def cards() -> Iterator[ProfileCard]:
    """A card for every shipped profile: the first to try first, those that cost money last."""
    from bench.profile import shipped_profiles

    found = filter(None, (card_of(path.stem) for path in shipped_profiles()))
    yield from sorted(found, key=lambda card: (card.name != FIRST, _ORDER[card.target.split()[0]]))


def mistakes(line: str) -> list[str]:
    """What is wrong with a profile's name or path and the KEY=VALUE behind it."""
    try:
        _loaded(line)
    except (LamloadError, OSError) as error:
        return str(error).splitlines()
    except ValueError as error:
        return [f"{line}: {error}"]
    return []


def card_of(line: str) -> ProfileCard | None:
    """What the screen says of such a line; None if something is wrong with it."""
    try:
        return _card(line, _loaded(line))
    except (LamloadError, OSError, ValueError):
        return None


def _named(line: str) -> list[str]:
    """The line as `lamload run` would have it."""
    source, *overrides = shlex.split(line)
    return [source, *(part for override in overrides for part in ("--set", override))]


def _loaded(line: str) -> Profile:
    from bench.profile import load_profile

    source, *overrides = shlex.split(line)
    return load_profile(source, overrides)


def _card(line: str, profile: Profile) -> ProfileCard:
    from bench.forecast import BilledGuess, forecast
    from bench.tui.app import ProfileCard

    billed = BilledGuess(BILLED_MS)
    expected = forecast(profile, billed)
    limit = profile.max_spend_usd
    ends = "" if limit is None else f"; ends once {usd_words(limit)} are spent"
    return ProfileCard(
        name=line,
        title=profile.title or profile.name,
        question=" ".join(profile.question.split()),
        target=f"{_TARGETS[profile.target.kind]}  {target_words(profile)}",
        variants=tuple(_variants(profile)),
        load=tuple(_load(profile, expected)),
        duration=_takes(profile, expected),
        arrivals=arrival_words(profile, expected),
        cost_usd=expected.usd,
        cost=cost_words(profile, expected, billed) + ends,
    )


def _takes(profile: Profile, expected: Forecast) -> str:
    """`45 s`, `5:25 min`; a search ends when it has found what it looks for."""
    if profile.capacity is not None:
        return "open"
    minutes, seconds = divmod(round(expected.plan.duration_ns / NS_PER_S), 60)
    return f"{minutes}:{seconds:02d} min" if minutes else f"{seconds} s"


def _variants(profile: Profile) -> Iterator[str]:
    """`invoke: 128, 256, 512 MB`, a line for each endpoint."""
    sizes: dict[str, list[str]] = {}
    for variant in profile.variants:
        arm = " arm64" if variant.architecture.value == "arm64" else ""
        said = "" if variant.memory_mb is None else f"{variant.memory_mb}{arm}"
        told = sizes.setdefault(variant.endpoint.value, [])
        if said not in told:
            told.append(said)
    for endpoint, said_of in sizes.items():
        known = [said for said in said_of if said]
        yield f"{endpoint}: {', '.join(known)} MB" if known else endpoint


def _load(profile: Profile, expected: Forecast) -> Iterator[str]:
    yield order_words(profile)
    if profile.capacity is None:
        yield time_words(profile, expected)
    yield from phase_lines(profile)
    if profile.capacity is not None:
        yield search_words(profile.capacity)
