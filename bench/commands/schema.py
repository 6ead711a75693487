"""`lamload schema`: what an editor needs to complete and check a profile while it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from bench.commands.support.verb import Verb

if TYPE_CHECKING:
    from bench.schema.section import Document


def _profile() -> Document:
    from bench.profile.schema import PROFILE

    return PROFILE


def _faults() -> Document:
    from bench.faults.read import FAULTS

    return FAULTS


def _settings() -> Document:
    from bench.tui.preferences import SETTINGS

    return SETTINGS


DOCUMENTS: dict[str, Callable[[], Document]] = {
    "profile": _profile,
    "faults": _faults,
    "settings": _settings,
}
"""Kind of file -> what its keys are. Each is imported only to be printed."""


@click.command(cls=Verb)
@click.argument("document", type=click.Choice(list(DOCUMENTS)), default="profile")
def schema(document: str) -> None:
    """Print the JSON Schema (draft 7) of profiles, of `--faults` files, or of the settings file.

    With `lamload schema > lamload.schema.json` beside a profile that begins with the line
    `#:schema ./lamload.schema.json`, editors that know TOML complete its keys and check them.
    """
    from bench.schema.json_schema import schema_text

    click.echo(schema_text(DOCUMENTS[document]()), nl=False)
