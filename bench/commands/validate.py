"""`lamload validate FILE…`: every mistake of each profile, before anything starts."""

from __future__ import annotations

import click

from bench.commands.support.completions import complete_profile
from bench.commands.support.verb import Verb
from bench.commands.support.ways import KEYS, has_command
from bench.errors import ExitCode, ProfileError


@click.command(cls=Verb)
@click.argument(
    "profiles", nargs=-1, required=True, metavar="PROFILE…", shell_complete=complete_profile
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set a key of each. Repeatable."
)
@click.pass_context
def validate(context: click.Context, profiles: tuple[str, ...], overrides: tuple[str, ...]) -> None:
    """Check profiles, files or names of shipped ones, and tell every mistake in them.

    What is good is told on stdout, mistakes on stderr, a line each; with any, the exit code is 2.
    """
    from bench.profile import load_profile

    code, told = ExitCode.OK, ""
    for source in profiles:
        try:
            profile = load_profile(source, overrides)
        except ProfileError as error:
            if told:
                click.echo(told, err=True)
            code, told = ExitCode.USAGE, str(error)
        else:
            count = len(profile.variants)
            click.echo(f"{source}: OK ({count} variant{'s' if count != 1 else ''})")
    if told:
        click.echo(told if has_command(told) else f"{told}; {KEYS}", err=True)
    context.exit(code)
