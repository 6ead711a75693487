"""`lamload events`: what the event generators are, and what they make."""

from __future__ import annotations

import json
from typing import Any, TextIO

import click

from bench.commands.support.completions import complete_generator
from bench.commands.support.verb import Verb
from bench.errors import ExitCode, UsageError
from bench.inputs.cells import literal
from bench.payloads.generated import GeneratedEvents
from bench.payloads.generators import GENERATORS
from bench.payloads.generators.base import Generator
from bench.payloads.placeholders import PLACEHOLDERS

DOORS = "doors"
"""The name of the door book, which no generator has."""


@click.command("events", cls=Verb)
@click.argument("name", required=False, shell_complete=complete_generator)
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="Events.")
@click.option(
    "--from", "first", type=click.IntRange(0), default=0, show_default=True, help="First number."
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--set", "settings", multiple=True, metavar="OPTION=VALUE", help="Repeatable.")
@click.option("--compact", is_flag=True, help="One line for each event.")
@click.option(
    "--check",
    "response",
    type=click.File(),
    metavar="FILE",
    help="Check a function's response to the event (- is stdin); exit 99 if it is wrong.",
)
def events(
    name: str | None,
    count: int,
    first: int,
    seed: int,
    settings: tuple[str, ...],
    compact: bool,
    response: TextIO | None,
) -> None:
    """List the event generators, or print what the one called NAME makes.

    NAME `doors` prints the door book: what each front door of the embedded Lambda makes of the same
    requests and answers, a page to compare with that of another version.

    An event depends on its number, the seed and the options alone: what is printed here is what a
    run with the same seed sends.
    """
    if name is None:
        click.echo(_listing())
        return
    if name == DOORS:
        from bench.local.doors.book import door_book

        click.echo(door_book(), nl=False)
        return
    try:
        made = GeneratedEvents(name, dict(map(_setting, settings)), seed)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None
    if response is not None:
        _check(made, first, response)
        return
    for index in range(first, first + count):
        event = made.next(index)
        click.echo(event if compact else json.dumps(json.loads(event), indent=2))


def _check(made: GeneratedEvents, index: int, response: TextIO) -> None:
    text = response.read()
    problem = made.check(index, made.next(index), text.encode("utf-8", "replace"))
    click.echo(problem or "The response keeps the contract.")
    if problem is not None:
        raise click.exceptions.Exit(ExitCode.THRESHOLD)


def _setting(text: str) -> tuple[str, Any]:
    option, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set {text!r} must read OPTION=VALUE")
    if value[:1] == "{":
        try:
            return option, json.loads(value)
        except ValueError as error:
            raise UsageError(f"--set {option}: {value!r} is no JSON: {error}") from None
    return option, literal(value)


def _listing() -> str:
    lines = ['Generators, for `event_generator = "NAME"` in a profile, with their options:', ""]
    for generator in GENERATORS.values():
        lines += _described(generator)
    lines += ["", "Placeholders, for `{{…}}` in an `event_template`:", ""]
    lines += [f"  {item.usage:<26}{item.meaning}" for item in PLACEHOLDERS.values()]
    lines.append(f"  {'row.COLUMN':<26}a column of the feed's row, its name as it stands there")
    lines.append(f"  {'fill SIZE':<26}as many x as make the whole payload SIZE long")
    return "\n".join(lines)


def _described(generator: Generator) -> list[str]:
    lines = [f"{generator.name}: {generator.summary}"]
    for name, option in generator.options.items():
        default = json.dumps(option.default)
        choices = f"; one of {', '.join(map(str, option.choices))}" if option.choices else ""
        lines.append(f"  {name:<26}{option.meaning} ({default}){choices}")
    return lines
