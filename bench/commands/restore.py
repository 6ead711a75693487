"""`lamload restore`: undo what runs changed in AWS."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import click

from bench.aws.api import LambdaApi, Place
from bench.aws.credentials import load_credentials
from bench.aws.journal import FILE_NAME, Journal, pending
from bench.aws.undo import undo
from bench.folders import state_folder


@click.command("restore")
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
def restore(runs: tuple[Path, ...], root: Path, force: bool, dry_run: bool) -> None:
    """Undo what runs changed in AWS: memory size, versions, aliases, function URLs.

    A run gives a function its own memory size back before it measures; only a crash in between
    leaves that to do. The versions and aliases of each size stay for the next run until this
    command removes them. Without a RUN, everything that any run has left.
    """
    journals = [Journal.read(run / FILE_NAME) for run in runs]
    if not runs:
        journals = pending(state_folder(os.environ), root)
    if not journals:
        click.echo("There is nothing to undo.")
    for journal in journals:
        if journal.in_use and not force and not dry_run:
            pid = journal.changes.pid
            click.echo(f"{journal.path}: process {pid} still uses it (--force: anyway)", err=True)
            continue
        for line in _intended(journal) if dry_run else asyncio.run(_undo(journal)):
            click.echo(line)


async def _undo(journal: Journal) -> Sequence[str]:
    changes = journal.changes
    credentials = load_credentials(os.environ)
    async with LambdaApi(credentials, Place(changes.region, changes.url)) as api:
        return await undo(api, journal)


def _intended(journal: Journal) -> Sequence[str]:
    changes = journal.changes
    lines = [f"{changes.function} in {changes.region} ({journal.path}):"]
    if changes.original_memory_mb is not None:
        lines.append(f"  memory size back to {changes.original_memory_mb} MB")
    lines += [f"  function URL of {qualifier}" for qualifier in changes.function_urls]
    for alias, before in changes.aliases.items():
        lines.append(f"  alias {alias}" + (f", back to version {before}" if before else ""))
    lines += [f"  version {version}" for version in changes.versions]
    return lines
