"""`lamload once TARGET`: one call for each variant, shown whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from bench.commands.support.completions import complete_profile
from bench.commands.support.target_options import TargetCommand, target_options
from bench.errors import ExitCode
from bench.profile.options import Given

if TYPE_CHECKING:
    from bench.model.profile import Profile


@click.command(cls=TargetCommand)
@click.argument("target", required=False, shell_complete=complete_profile)
@target_options
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set a key. Repeatable."
)
@click.pass_context
def once(
    context: click.Context, target: str | None, options: Given, overrides: tuple[str, ...]
) -> None:
    """Call every variant of TARGET once and show it: the request with its secrets hidden, the
    answer, the log, the outcome and why, where the time went, and the price.

    TARGET and options are those of `lamload run`. Nothing is tried again or recorded; if a call
    fails the exit code is 3.
    """
    from bench.commands.support.target import profile_of

    profile = profile_of(target, overrides, options).profile
    context.exit(ExitCode.OK if asyncio.run(_show(profile)) else ExitCode.TARGET)


async def _show(profile: Profile) -> bool:
    """Whether every call was good."""
    from bench.load.single_call import call_each
    from bench.model.outcome import Outcome
    from bench.report.single_call import call_lines

    good, first = True, True
    async for call in call_each(profile):
        if not first:
            click.echo("")
        for line in call_lines(call):
            click.echo(line)
        good, first = good and call.answer.outcome is Outcome.OK, False
    return good
