"""`lamload profiles`: what is shipped, and `show` to start one's own from it."""

from __future__ import annotations

from difflib import get_close_matches

import click

from bench.commands.support.completions import complete_shipped
from bench.commands.support.verb import Verb
from bench.errors import UsageError
from bench.output.page_width import folded, row_width


@click.group(invoke_without_command=True)
@click.pass_context
def profiles(context: click.Context) -> None:
    """List the shipped profiles, each with the question that it answers.

    `lamload run NAME` runs one from anywhere; `lamload profiles show NAME` prints it.
    """
    if context.invoked_subcommand is not None:
        return
    from bench.profile import shipped_profiles
    from bench.profile.read import read_question

    paths = shipped_profiles()
    width = max((len(path.stem) for path in paths), default=0)
    for path in paths:
        question, _, _ = read_question(path.read_text("utf-8")).partition("\n\n")
        line = f"{path.stem:{width}}  {' '.join(question.split())}"
        click.echo("\n".join(folded([line], row_width())))


@profiles.command(cls=Verb)
@click.argument("name", shell_complete=complete_shipped)
def show(name: str) -> None:
    """Print the shipped profile NAME as it stands, comments and all."""
    from bench.profile.shipped import shipped_profile, shipped_profiles

    path = shipped_profile(name)
    if path is None:
        names = [path.stem for path in shipped_profiles()]
        close = (*get_close_matches(name, names, 1, 0.3), "quickstart")[0]
        raise UsageError(
            f"there is no shipped profile {name}; there are {', '.join(names)}; did you mean "
            f"`lamload profiles show {close}`?"
        )
    click.echo(path.read_text("utf-8"), nl=False)
