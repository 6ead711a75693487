"""`lamload run TARGET`: the main job, on a terminal with the TUI, elsewhere headless."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.aws.journal import copies_in
from bench.commands.support.completions import complete_profile, complete_run
from bench.commands.support.keep_profile import keep_profile
from bench.commands.support.live_view import (
    LiveView,
    can_show_tui,
    check_folder,
    preferences,
    show,
    watched,
)
from bench.commands.support.progress import Progress
from bench.commands.support.run_lookup import find_events
from bench.commands.support.target_options import TargetCommand, shown_arguments, target_options
from bench.errors import ExitCode, UsageError
from bench.interrupts import Interrupts
from bench.model.profile import MOST_VARIANTS, Profile
from bench.output.streams import BROKEN_PIPE, StdoutError, deliver
from bench.profile.options import Given

if TYPE_CHECKING:
    from bench.load.fleet import Fleet
    from bench.load.replay import Recording
    from bench.load.session import RunResult, RunSession
    from bench.tui.preferences import Preferences

RESULT_PATIENCE_S = 10.0
"""How long nobody may read the result before the run ends without: its folder has it too."""


@dataclass(frozen=True, slots=True)
class RunSetup:
    """What is to run, with which recorded commands, and from where."""

    profile: Profile
    recording: Recording | None
    open_fleet: Callable[[], Fleet]


@click.command(cls=TargetCommand)
@click.argument("target", required=False, shell_complete=complete_profile)
@target_options
@click.option("--save", metavar="FILE", help="Keep the profile that came of it, and run it.")
@click.option("--print", "as_toml", is_flag=True, help="Print that profile and run nothing.")
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
@click.option(
    "--replay",
    metavar="RUN",
    shell_complete=complete_run,
    help="Give the operator's commands of RUN again, at the same times: a run's folder, a part of "
    "its name, its events.jsonl, or latest.",
)
@click.option(
    "--fleet",
    metavar="CLUSTER",
    help="Send the load from the machines of a Dask cluster: dask://HOST:8786, tls://…, a "
    "scheduler file, or dask-local:4 to try it out; see `lamload help fleet`.",
)
@click.option(
    "--insecure-fleet", is_flag=True, help="A cluster beyond this machine may do without TLS."
)
@click.option(
    "--send-credentials", is_flag=True, help="Nodes sign with the AWS credentials of this machine."
)
@click.option("--yes", "many", is_flag=True, help="However many variants they are.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON document on stdout.")
@click.option(
    "--allow-invalid", is_flag=True, help="Exit 0 for an INVALID run; the verdict stays what it is."
)
@click.pass_context
def run(
    context: click.Context,
    target: str | None,
    options: Given,
    save: str | None,
    as_toml: bool,
    headless: bool,
    tui: bool,
    out: Path,
    overrides: tuple[str, ...],
    replay: str | None,
    fleet: str | None,
    insecure_fleet: bool,
    send_credentials: bool,
    many: bool,
    quiet: bool,
    as_json: bool,
    allow_invalid: bool,
) -> None:
    """Run TARGET: a profile or the name of a shipped one, a URL, a function's name or ARN on AWS,
    or a folder with a handler.

    Without options it asks the usual question of it; on a terminal and without TARGET you choose.
    `lamload TARGET` does the same where TARGET is no verb.
    """
    if _chooses(context, target, options):
        from bench.commands.support.setup_screen import choose

        context.exit(choose(out))
    from bench.commands.support.target import profile_of
    from bench.load.fleets.open import on_a_fleet

    if many:
        overrides = (*overrides, f"limits.max_variants={MOST_VARIANTS}")
    begun = profile_of(target, overrides, options)
    loaded = begun.profile
    if save is not None:
        keep_profile(begun.toml, save)
    if as_toml:
        click.echo(begun.toml, nl=False)
        return
    recording = None if replay is None else _recording(replay, out, loaded)
    fleets = (fleet, insecure_fleet, send_credentials)
    if fleet is not None:
        loaded = on_a_fleet(loaded)
    setup = RunSetup(loaded, recording, _fleet(fleets, loaded))
    check_folder(out)
    wants_tui = tui or (not headless and not quiet and not as_json and can_show_tui())
    settings = preferences() if wants_tui else None
    with Interrupts().heard() as interrupts:
        load = (
            _run_headless(setup, out, interrupts, quiet=quiet)
            if settings is None
            else _run_with_tui(setup, out, interrupts, settings)
        )
        result = asyncio.run(load)
        code = conclude(result, interrupts, as_json=as_json, allow_invalid=allow_invalid)
    context.exit(code)


def _fleet(given: tuple[str | None, bool, bool], profile: Profile) -> Callable[[], Fleet]:
    """What makes the machines that the load comes from. Raises UsageError."""
    from bench.load.fleets.open import FleetOptions, fleet_opener

    return fleet_opener(FleetOptions(*given), os.environ, profile)


def _chooses(context: click.Context, target: str | None, options: Given) -> bool:
    """Whether the set-up screen is meant: a terminal, and nothing said of what to run."""
    if target is not None or options or not can_show_tui():
        return False
    asked = ("headless", "overrides", "replay", "fleet", "quiet", "as_json", "save", "as_toml")
    return not any(context.params.get(name) for name in asked)


def conclude(
    result: RunResult, interrupts: Interrupts, *, as_json: bool, allow_invalid: bool
) -> int:
    """Results on stdout, where they lie on stderr; the code to exit with.

    That is the run's own, whatever becomes of the two: only a good run whose reader has gone ends
    as such. A signal that came too late to shorten the load is an interruption all the same.
    """
    from bench.report.brief import render_brief
    from bench.report.json import run_document

    code: int = result.exit_code
    if allow_invalid and code == ExitCode.INVALID:
        code = ExitCode.OK
    if interrupts.count and code != ExitCode.INTERNAL:
        code = ExitCode.INTERRUPTED
    render = run_document if as_json else render_brief
    try:
        deliver(render(result.recorded), RESULT_PATIENCE_S)
    except StdoutError as error:
        sys.stderr.write(f"lamload: {error}\n")
        if error.is_gone:
            code = code or BROKEN_PIPE
    folder = result.recorded.folder
    sys.stderr.write(f"Results in {folder}\n" if folder.is_dir() else f"{folder} is gone\n")
    if copies_in(folder):
        sys.stderr.write(
            "Its versions and aliases stay in AWS for the next run; "
            f"`lamload restore {folder}` takes them away\n"
        )
    return code


def _recording(name: str, root: Path, profile: Profile) -> Recording:
    """The commands of a recorded run. Raises UsageError if the profile has no room for them."""
    from bench.load.replay import check_recording, recording_of

    file = find_events(name, root)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--replay: {file} cannot be read: {error}") from None
    recording = recording_of(text, str(file))
    check_recording(recording, profile)
    return recording


async def _run_headless(
    setup: RunSetup, out: Path, interrupts: Interrupts, *, quiet: bool
) -> RunResult:
    progress = Progress(quiet=quiet)
    async with watched(out, progress, interrupts) as run:
        await _start(run, setup, progress)
        return await run.follow()


async def _run_with_tui(
    setup: RunSetup, out: Path, interrupts: Interrupts, settings: Preferences
) -> RunResult:
    from bench.tui.app import LamloadApp

    progress = Progress()
    async with watched(out, progress, interrupts) as run:
        session = await _start(run, setup, progress)
        app = LamloadApp(session, runs_root=out, preferences=settings)
        run.show_crash_in(app)
        run.leave(await show(app, progress, interrupts))
        return await run.follow()


async def _start(run: LiveView, setup: RunSetup, progress: Progress) -> RunSession:
    profile = setup.profile
    progress.write_line(f"{profile.title or profile.name}: bringing up the target and the workers")
    return await run.start(
        profile,
        shown_arguments(sys.argv[1:]),
        setup.recording,
        progress.write_line,
        setup.open_fleet,
    )
