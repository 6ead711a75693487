"""`lamload version`: the same as `lamload --version`, for whoever types it as a verb."""

from __future__ import annotations

import click

from bench import __version__
from bench.commands.support.verb import Verb


@click.command(cls=Verb)
def version() -> None:
    """Print the version, as `lamload --version` does."""
    click.echo(f"lamload {__version__}")
