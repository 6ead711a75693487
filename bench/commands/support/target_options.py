"""TARGET and the options that stand for a profile's keys, for every verb that takes them."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import click

from bench.commands.support.foreign import in_our_words
from bench.commands.support.verb import Verb
from bench.errors import UsageError
from bench.profile.options import OPTIONS, Given

F = TypeVar("F", bound=Callable[..., Any])
_AMOUNT = re.compile(r"\d+(\.\d+)?(/\w+)?")
SCRIPT = re.compile(r"[\w./-]+\.(js|lua|ya?ml)|locustfile\.py")
QUIET = "-q"
EVENT = "--event"
PIPED = frozenset({"-", "@-"})
"""A payload that comes in on stdin, as curl and others write it."""
_TEMPLATE = re.compile(r"(.*/)?(template|serverless|sam)[\w.-]*\.ya?ml")
NO_FILE = "{} is code; what is run is its folder: `lamload run {}`"
NO_TEMPLATE = (
    "{} is a template of functions: `lamload local --template {}` serves them, and "
    "`lamload run FOLDER` measures a folder with a handler"
)
NO_SCRIPT = (
    "{} is a script for another tool; here a profile says what to run, in TOML: `lamload init` "
    "begins one, `lamload profiles show quickstart` prints one"
)


class TargetCommand(Verb):
    """A verb whose arguments somebody may type as for another tool."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, hey's `-q N` told apart from --quiet, and other tools' options refused."""
        if ctx.resilient_parsing:  # somebody is still typing
            return super().parse_args(ctx, args)
        for word in args:
            if SCRIPT.fullmatch(word):
                raise UsageError(_no_script(word))
        words, names = in_our_words(args, self._with_values)
        if names:
            listed = ", ".join(dict.fromkeys(names))
            raise UsageError(f"{listed}: as lamload has it, that is `{command(ctx, words)}`")
        return super().parse_args(ctx, with_rate(args))

    @property
    def _with_values(self) -> frozenset[str]:
        """Names of the options behind which something stands that is no option."""
        options = (param for param in self.params if isinstance(param, click.Option))
        return frozenset(name for option in options if not option.is_flag for name in option.opts)


def piped_event() -> str:
    """What stdin has, to its end. Raises UsageError for what is no text, or names a file."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(f"{EVENT}: stdin cannot be read as UTF-8 text: {error}") from None
    if text.startswith("@"):
        raise UsageError(f"{EVENT}: what begins with @ has to be in a file: `{EVENT} @FILE`")
    return text


def _no_script(word: str) -> str:
    """What to do with a file of code, of a template, or of another tool."""
    from bench.profile.target_word import target_word

    if mend := target_word(word).mend:
        return NO_FILE.format(word, shlex.quote(mend))
    if _TEMPLATE.fullmatch(word):
        return NO_TEMPLATE.format(word, shlex.quote(word))
    return NO_SCRIPT.format(word)


def with_rate(arguments: Sequence[str]) -> list[str]:
    """`-q 50`, as hey and oha have it, is a rate; -q alone stays what it is."""
    words, at = list(arguments), 0
    while at < len(words):
        behind = words[at + 1] if at + 1 < len(words) else ""
        if words[at] == QUIET and _AMOUNT.fullmatch(behind):
            words[at] = "--rate"
        elif words[at].startswith(QUIET) and _AMOUNT.fullmatch(words[at][2:]):
            words[at : at + 1] = ["--rate", words[at][2:]]
        at += 1
    return words


def command(ctx: click.Context, words: Sequence[str]) -> str:
    """The words behind this verb, to be pasted into a shell."""
    return f"{ctx.command_path} {shlex.join(words)}".strip()


def shown_arguments(arguments: Sequence[str]) -> list[str]:
    """As a manifest keeps them: without what a header or a URL's parameter has to hide."""
    from bench.report.secrets import without_secrets

    return [without_secrets(argument) for argument in arguments]


def target_options(verb: F) -> F:
    """Every option that stands for a key; the verb gets them as `options`."""

    @wraps(verb)
    def gathered(*arguments: Any, **parameters: Any) -> Any:
        options: Given = {
            option.name: texts
            for option in OPTIONS
            if (texts := tuple(parameters.pop(option.field)))
        }
        if PIPED.intersection(options.get(EVENT, ())):
            options = {**options, EVENT: (piped_event(),)}
        return verb(*arguments, options=options, **parameters)

    declared: Any = gathered
    for option in reversed(OPTIONS):
        names = [option.name, *([option.short] if len(option.short) == 2 else [])]
        help = option.help + (f" Also {option.short}." if len(option.short) > 2 else "")
        declared = click.option(
            *names, option.field, multiple=True, metavar=option.metavar, help=help
        )(declared)
    return declared  # type: ignore[no-any-return]
