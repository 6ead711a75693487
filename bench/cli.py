"""The command line: verbs that are imported when they run, and how errors end it.

Nothing heavy may be imported here: `lamload --help` must be quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import click

from bench import __version__
from bench.errors import ExitCode, LamloadError, exhausted
from bench.output.page_width import folded, story_width
from bench.output.streams import BROKEN_PIPE, StdoutError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VERBS = {
    "run": "Run a profile, a URL, a function or a folder: the TUI on a terminal.",
    "validate": "Check profiles and tell every mistake.",
    "plan": "What a run would do, need and cost; nothing is sent.",
    "profiles": "List the shipped profiles, or print one to start from.",
    "once": "Send one call for each variant and show it whole.",
    "init": "Write a commented profile, from a few questions or options.",
    "schema": "Print the JSON Schema of profiles, faults or settings, for an editor.",
    "local": "Serve the embedded Lambda on this machine.",
    "report": "Print a run's results again.",
    "export": "Write a run's results in other forms.",
    "compare": "Compare runs with each other.",
    "open": "Show a run's report in the browser.",
    "watch": "Play a recorded run back, or follow one that is running.",
    "history": "List past runs.",
    "events": "List and print ready events of the services that invoke functions.",
    "doctor": "Say what this machine can bear and what is missing.",
    "selftest": "Measure a target whose truth is known, and show the error.",
    "restore": "Undo what a run changed in AWS, if it could not do so itself.",
    "help": "Show the reference, topic by topic.",
    "version": "Print the version.",
    "completion": "Print the script with which bash, zsh or fish completes all of this.",
}
"""Verb -> its line in `lamload --help`. Each stands in bench/commands, in a file of its name."""
DEBUG = "LAMLOAD_DEBUG"
"""Environment variable: with any value, an internal error shows its traceback."""
COMPLETE = "_LAMLOAD_COMPLETE"
"""Set by the shell that runs the script of `lamload completion`."""


class _Verbs(click.Group):
    """A group that knows its verbs' names and imports one only to run it."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = getattr(import_module(f"bench.commands.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; what begins with a target or an option of run's is for run."""
        return super().parse_args(ctx, args if ctx.resilient_parsing else _routed(args))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        from click.shell_completion import CompletionItem

        verbs = (verb for verb in VERBS if verb.startswith(incomplete))
        return [CompletionItem(verb, help=VERBS[verb]) for verb in verbs]


def _routed(arguments: list[str]) -> list[str]:
    if not arguments or arguments[0] in VERBS:
        return arguments
    from bench.commands.support.first_words import routed

    return routed(arguments, VERBS)


@click.group(
    cls=_Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="lamload", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Load and benchmark AWS Lambda functions: latency, failures and cost by memory size.

    `lamload quickstart` shows it on this machine, without an AWS account. `lamload TARGET` runs
    a URL, a function or a folder with a handler; `lamload` alone on a terminal lets you choose.
    """
    if context.invoked_subcommand is not None:
        return
    from bench.commands.support.live_view import can_show_tui

    if can_show_tui():
        from pathlib import Path

        from bench.commands.support.setup_screen import choose

        context.exit(choose(Path("runs")))
    click.echo(context.get_help())


def run_command(arguments: Sequence[str]) -> int:
    """Run the command line; the code to exit with. Errors become lines on stderr."""
    try:
        try:
            if COMPLETE in os.environ:
                cli.main(prog_name="lamload")
            with cli.make_context("lamload", list(arguments)) as context:
                cli.invoke(context)
        except click.exceptions.Exit as asked:
            sys.stdout.flush()
            return asked.exit_code
        sys.stdout.flush()
        return ExitCode.OK
    except click.exceptions.UsageError as error:
        from bench.commands.support.refusals import refusal

        _say(refusal(error, arguments, VERBS))
        return error.exit_code
    except click.exceptions.ClickException as error:
        error.show()
        return error.exit_code
    except StdoutError as error:
        return lost_output(error)
    except LamloadError as error:
        from bench.commands.support.refusals import told

        _say(told(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: the user gets a line, not a stack
        return _internal(error)


def lost_output(error: StdoutError) -> int:
    """The code to exit with when a result could not be printed; in silence if nobody wants it."""
    if error.is_gone:
        return BROKEN_PIPE
    _say(f"lamload: {error}")
    return error.exit_code


def _internal(error: Exception) -> int:
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    elif (what := exhausted(error)) is not None:
        _say(f"lamload: this system has no room for it: {what}")
    else:
        name = type(error).__name__
        _say(f"lamload: internal error: {name}: {error} ({DEBUG}=1 shows the traceback)")
    return ExitCode.INTERNAL


def _say(text: str) -> None:
    """On stderr, if there still is one."""
    with suppress(OSError):
        lines = folded(text.splitlines(), story_width())
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
