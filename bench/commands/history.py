"""`lamload history`: past runs, newest first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.commands.support.run_lookup import readable_runs, runs_option
from bench.commands.support.verb import Verb
from bench.model.plain import aligned
from bench.output.page_width import folded, row_width

if TYPE_CHECKING:
    from bench.record.recorded_run import RunEntry

HEAD = ("run", "verdict", "state", "target", "variants", "title")


@click.command(cls=Verb)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--limit", type=click.IntRange(1), help="Only the newest so many.")
@runs_option
def history(as_json: bool, limit: int | None, root: Path) -> None:
    """List past runs, the newest first."""
    entries = readable_runs(root)[:limit]
    if as_json:
        click.echo(json.dumps([_document(entry) for entry in entries], indent=2))
    elif entries:
        for line in folded(_table(entries), row_width()):
            click.echo(line)
    else:
        click.echo(f"No runs in {root}; start one: `lamload quickstart`", err=True)


def _table(entries: Sequence[RunEntry]) -> list[str]:
    rows = [HEAD, *(_row(entry) for entry in entries)]
    columns = [aligned(column) for column in zip(*rows, strict=True)]
    return ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]


def _row(entry: RunEntry) -> tuple[str, ...]:
    verdict = entry.verdict.value if entry.verdict else "·"
    variants = str(entry.variants)
    return (entry.folder.name, verdict, entry.state, entry.target, variants, entry.title)


def _document(entry: RunEntry) -> dict[str, str | int | None]:
    return {
        "run": entry.folder.name,
        "folder": str(entry.folder),
        "title": entry.title,
        "started_utc": entry.started_utc,
        "state": entry.state,
        "verdict": entry.verdict.value if entry.verdict else None,
        "target": entry.target,
        "variants": entry.variants,
    }
