"""`lamload init [TARGET]`: a commented profile to start from, of a few questions or of options."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.commands.support.completions import complete_profile
from bench.commands.support.keep_profile import keep_profile
from bench.commands.support.live_view import can_show_tui
from bench.commands.support.target_options import TargetCommand, target_options
from bench.errors import LamloadError
from bench.profile.options import Given

if TYPE_CHECKING:
    from bench.profile.read import Begun

FIRST = "primes"
"""What is measured where nothing else is named: it needs no account."""
SIZES = "128,512,1769"
RATE = "20/s"
TIME = "10s"


@click.command(cls=TargetCommand)
@click.argument("target", required=False, shell_complete=complete_profile)
@target_options
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set a key. Repeatable."
)
@click.option("--save", metavar="FILE", help="Write it there, not to stdout.")
def init(target: str | None, options: Given, overrides: tuple[str, ...], save: str | None) -> None:
    """Write a profile for TARGET, each key with what it means.

    TARGET and options are those of `lamload run`. On a terminal and without TARGET a few questions
    are asked; elsewhere it is a profile of a bundled function.
    """
    from bench.commands.support.target import profile_of

    if target is None and not options and can_show_tui():
        begun, save = _ask(overrides, save)
    else:
        named = target or (None if "--function" in options else FIRST)
        begun = profile_of(named, overrides, options)
    if save is None:
        click.echo(begun.toml, nl=False)
    else:
        keep_profile(begun.toml, save)


def _ask(overrides: tuple[str, ...], save: str | None) -> tuple[Begun, str | None]:
    """Question by question; an answer that cannot be is asked for again."""
    from bench.profile.target_word import TargetSort, target_word

    def checked(target: str, options: Given) -> str:
        try:
            found.append(profile_of(target, overrides, options))
        except LamloadError as error:
            raise click.BadParameter(str(error)) from None
        return target

    def option(name: str, text: str) -> str:
        checked(target, options | {name: (text,)})
        return text

    from bench.commands.support.target import profile_of

    found: list[Begun] = []
    options: dict[str, tuple[str, ...]] = {}
    target: str = _prompt(
        "What is to be measured: a URL, a function on AWS, a folder with a handler?",
        FIRST,
        lambda text: checked(text, {}),
    )
    if target_word(target).sort in (TargetSort.FOLDER, TargetSort.BUNDLED):
        sizes = _prompt("Memory sizes in MB", SIZES, lambda text: option("--memory", text))
        options["--memory"] = (sizes,)
    load = _prompt(
        "A rate, such as 20/s, or so many callers, such as 10",
        RATE,
        lambda text: _load(text, option),
    )
    options[_option_of(load)] = (load,)
    options["--for"] = (_prompt("For how long", TIME, lambda text: option("--for", text)),)
    name = f"{found[-1].profile.name}.toml"
    return found[-1], save or click.prompt("File", _free(name), err=True)


def _load(text: str, option: Callable[[str, str], str]) -> str:
    return option(_option_of(text), text)


def _option_of(load: str) -> str:
    """A number alone is one of callers."""
    return "--callers" if re.fullmatch(r"\s*\d+\s*(\.\.\s*\d+\s*)?", load) else "--rate"


def _prompt(question: str, default: str, check: Callable[[str], str]) -> str:
    answer: str = click.prompt(question, default, value_proc=check, err=True)
    return answer


def _free(name: str) -> str:
    """A file's name that is not taken yet."""
    path, number = Path(name), 2
    while path.exists():
        path = Path(name).with_stem(f"{Path(name).stem}-{number}")
        number += 1
    return str(path)
