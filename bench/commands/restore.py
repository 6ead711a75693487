"""`lamload restore`: undo what runs changed in AWS."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bench.aws.api import LambdaApi
from bench.aws.credentials import load_credentials
from bench.aws.journal import FILE_NAME, Journal, copies_in, pending
from bench.aws.places import Place
from bench.aws.undo import undo
from bench.commands.support.verb import Verb
from bench.errors import ExitCode, LamloadError, UsageError
from bench.folders import state_folder
from bench.model.profile import Connections
from bench.wire.environment import with_environment
from bench.wire.httpx_transport import WireTransport


@click.command("restore", cls=Verb)
@click.argument("runs", nargs=-1, metavar="[RUN]...", type=click.Path(path_type=Path))
@click.option(
    "--runs",
    "root",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder of the runs.",
)
@click.option("--force", is_flag=True, help="Also where a run still seems to be under way.")
@click.option("--dry-run", is_flag=True, help="Only say what there is to undo.")
@click.pass_context
def restore(
    context: click.Context, runs: tuple[Path, ...], root: Path, force: bool, dry_run: bool
) -> None:
    """Undo what runs changed in AWS: memory size, versions, aliases, function URLs.

    A run gives a function its own memory size back before it measures; only a crash in between
    leaves that to do. The versions and aliases of each size stay for the next run until this
    command removes them. Without a RUN, everything that any run has left, wherever it was put.
    """
    failed = False
    named = [copy for run in runs for copy in copies_in(run) or [run / FILE_NAME]]
    paths = named or pending(state_folder(os.environ), root)
    journals = list(_read(paths, must_be_there=bool(runs)))
    failed = len(journals) < len(paths)
    if not paths:
        click.echo("There is nothing to undo.")
    for journal in sorted(journals, key=lambda journal: -journal.changes.began_ns):
        failed |= not _restore(journal, force=force, dry_run=dry_run)
    context.exit(ExitCode.TARGET if failed else ExitCode.OK)


def _read(paths: Sequence[Path], *, must_be_there: bool) -> Iterator[Journal]:
    """The journals that can be read; one that cannot does not stand in the way of the others."""
    for path in paths:
        try:
            yield Journal.read(path)
        except UsageError as error:
            if must_be_there:
                raise
            click.echo(f"lamload: {error}", err=True)


def _restore(journal: Journal, *, force: bool, dry_run: bool) -> bool:
    """Undo one run's changes, or say them; False if that could not be done."""
    if dry_run:
        for line in _intended(journal):
            click.echo(line)
        return True
    if journal.in_use and not force:
        pid = journal.changes.pid
        click.echo(f"{journal.path}: process {pid} still uses it (--force: anyway)", err=True)
        return True
    try:
        for line in asyncio.run(_undo(journal)):
            click.echo(line)
    except LamloadError as error:
        click.echo(f"lamload: {journal.changes.function}: {error}", err=True)
        return False
    return True


async def _undo(journal: Journal) -> Sequence[str]:
    changes = journal.changes
    credentials = load_credentials(os.environ)
    place = Place(changes.region, changes.url)
    connections = with_environment(Connections(**changes.reached_by), os.environ)
    transport = WireTransport(connections=connections)
    async with LambdaApi(credentials, place, transport=transport, tell=_tell) as api:
        return await undo(api, journal)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _intended(journal: Journal) -> Sequence[str]:
    changes = journal.changes
    lines = [f"{changes.function} in {changes.region} ({journal.path}):"]
    if changes.original_memory_mb is not None:
        lines.append(f"  memory size back to {changes.original_memory_mb} MB")
    lines += [f"  function URL of {qualifier}" for qualifier in changes.function_urls]
    for alias, before in changes.aliases.items():
        lines.append(f"  alias {alias}" + (f", back to version {before}" if before else ""))
    lines += [f"  version {version}" for version in changes.versions]
    if changes.publishing is not None:
        lines.append(f'  the version "{changes.publishing.description}", if it was published')
    return lines
