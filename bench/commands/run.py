"""`lamload run PROFILE`: the main job, on a terminal with the TUI, elsewhere headless."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.commands.progress import Progress
from bench.errors import ExitCode, UsageError
from bench.model import Command, CommandKind, Profile

if TYPE_CHECKING:
    from bench.load.session import RunResult, RunSession

POLL_S = 0.25


@click.command()
@click.argument("profile")
@click.option("--headless", is_flag=True, help="No TUI, even on a terminal.")
@click.option("--tui", is_flag=True, help="The TUI, whatever the environment looks like.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder in which the run's own folder is made.",
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a key of the profile, e.g. load.seed=2 or phase.steady.rate=20/s. Repeatable.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON document on stdout.")
@click.option(
    "--allow-invalid", is_flag=True, help="Exit 0 for an INVALID run; the verdict stays what it is."
)
@click.pass_context
def run(
    context: click.Context,
    profile: str,
    headless: bool,
    tui: bool,
    out: Path,
    overrides: tuple[str, ...],
    quiet: bool,
    as_json: bool,
    allow_invalid: bool,
) -> None:
    """Run PROFILE, a file or the name of a shipped one."""
    from bench.profile import load_profile

    loaded = load_profile(profile, overrides)
    check_folder(out)
    wants_tui = tui or (not headless and not quiet and not as_json and can_show_tui())
    result = asyncio.run(
        _run_with_tui(loaded, out) if wants_tui else _run_headless(loaded, out, quiet)
    )
    context.exit(conclude(result, as_json=as_json, allow_invalid=allow_invalid))


def check_folder(out: Path) -> None:
    """Make the folder of runs. Raises UsageError where nothing can be written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise UsageError(f"--out: {out} cannot be made: {reason}; name another folder") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise UsageError(f"--out: {out} is not writable; name another folder")


def can_show_tui() -> bool:
    """True if stdin and stderr are terminals, TERM is not dumb and CI is not set."""
    return (
        sys.stdin.isatty()
        and sys.stderr.isatty()
        and os.environ.get("TERM", "dumb") != "dumb"
        and not os.environ.get("CI")
    )


def conclude(result: RunResult, *, as_json: bool, allow_invalid: bool) -> ExitCode:
    """Results on stdout, where they lie on stderr; the code to exit with."""
    from bench.report.json import run_document
    from bench.report.text import render_text

    render = run_document if as_json else render_text
    sys.stdout.write(render(result.recorded))
    for answer in result.answers:
        if not as_json:
            sys.stdout.write(answer + "\n")
    sys.stdout.flush()
    sys.stderr.write(f"Results in {result.recorded.folder}\n")
    if allow_invalid and result.exit_code is ExitCode.INVALID:
        return ExitCode.OK
    return result.exit_code


async def _run_headless(profile: Profile, out: Path, quiet: bool) -> RunResult:
    progress = Progress(quiet=quiet)
    async with _prepared(profile, out, progress) as session:
        with _signals(session, progress):
            return await _follow(session, asyncio.ensure_future(_complete(session)), progress)


async def _run_with_tui(profile: Profile, out: Path) -> RunResult:
    """The load is a task beside the app: whatever becomes of the app, it goes on to its end."""
    from bench.tui.app import LamloadApp
    from bench.tui.source import Leaving

    progress = Progress()
    async with _prepared(profile, out, progress) as session:
        load = asyncio.ensure_future(_complete(session))
        app = LamloadApp(session, profile.max_spend_usd)
        try:
            left = await app.run_async()
        except Exception as error:  # noqa: BLE001 - the load must not end with its view
            left = None
            progress.say(f"the view broke ({type(error).__name__}: {error}); the load goes on")
        leaving = Leaving.DETACH if left is None else left.leaving
        with _signals(session, progress):
            if leaving is Leaving.DRAIN:
                session.command(Command(CommandKind.DRAIN))
            elif leaving is Leaving.ABORT:
                session.command(Command(CommandKind.ABORT))
            return await _follow(session, load, progress)


async def _complete(session: RunSession) -> RunResult:
    """The run and its files, whether or not somebody watches."""
    from bench.report.html import render_html

    await session.run()
    result = await session.finish()
    session.write("report.html", render_html(result.recorded))
    return result


async def _follow(
    session: RunSession, load: asyncio.Future[RunResult], progress: Progress
) -> RunResult:
    """Show progress until the run has ended."""
    while not load.done():
        await asyncio.wait({load}, timeout=POLL_S)
        progress.show(session.snapshot())
    progress.end()
    return load.result()


@asynccontextmanager
async def _prepared(profile: Profile, out: Path, progress: Progress) -> AsyncIterator[RunSession]:
    """A session that is ready to start, and let go of in any case."""
    from bench.load.session import RunSession

    progress.say(f"{profile.title or profile.name}: bringing up the target and the workers")
    session = RunSession(profile, out, sys.argv[1:])
    try:
        await session.prepare()
        yield session
    finally:
        await session.close()


@contextmanager
def _signals(session: RunSession, progress: Progress) -> Iterator[None]:
    """The first Ctrl-C drains, the second aborts; SIGTERM and SIGHUP drain too."""
    loop = asyncio.get_running_loop()
    asked = 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        kind = CommandKind.DRAIN if asked == 1 else CommandKind.ABORT
        progress.say(
            "draining: waiting for what is in flight; Ctrl-C again aborts"
            if asked == 1
            else "aborting"
        )
        session.command(Command(kind))

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
