"""What is refused on the command line, in one line with the nearest command that works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from itertools import dropwhile

import click

from bench.commands.support.parsed import is_taken
from bench.commands.support.usual_values import clamped, usual_value
from bench.errors import LamloadError, ProfileError

USUAL = {
    "target": ("quickstart",),
    "profile": ("quickstart",),
    "profiles": ("quickstart",),
    "name": ("quickstart",),
    "shell": ("bash",),
}
"""By the name of what is missing: what stands there in an example."""
MEANT = "did you mean "
_EXTRA = re.compile(r"unexpected extra arguments? \((.*)\)", re.DOTALL)
_VALUE = re.compile(r"[\d.]+\w{0,3}(/\w+)?|[\w./-]+\.json")
"""What stands behind an option rather than by itself."""
_LEAST_LIKE, _ALIKE = 0.5, 0.75
_WITHIN: dict[str, tuple[str, ...]] = {"list": (), "ls": ()}
"""Words behind a group of commands that mean the group itself."""


def refusal(error: click.UsageError, arguments: Sequence[str], verbs: Collection[str]) -> str:
    """The line. arguments: all that was typed behind `lamload`."""
    path = ["lamload"] if error.ctx is None else error.ctx.command_path.split()
    words = _behind(path[1:], arguments, verbs)
    mended = _mended(error, words)
    is_alone = error.ctx is not None and not isinstance(error.ctx.command, click.Group)
    if mended and is_alone and error.ctx and not _takes_words(error.ctx.command):
        mended = list(dropwhile(lambda word: not word.startswith("-"), mended))
    help_ = [*path, "--help"]
    way = shlex.join([*path, *mended]) if mended not in (None, words) else shlex.join(help_)
    said = error.message if isinstance(error, click.NoSuchOption) else error.format_message()
    said = " ".join(said.split()).rstrip(".")
    return f"{shlex.join(path)}: {said}; did you mean `{way}`?"


def told(error: LamloadError) -> str:
    """An error's lines, the last of them with the command that works instead."""
    text = str(error) if isinstance(error, ProfileError) else f"lamload: {error}"
    if not error.way:
        return text
    if text.endswith("?"):  # the text has the word already, and not the command
        return f"{text} {error.way.removeprefix(MEANT).removesuffix('?')}"
    return f"{text}; {error.way}"


def _takes_words(command: click.Command) -> bool:
    return any(isinstance(param, click.Argument) for param in command.params)


def _behind(path: Sequence[str], arguments: Sequence[str], verbs: Collection[str]) -> list[str]:
    """What was typed behind the verb, which may have been left out."""
    words = list(arguments)
    if words and words[0] in verbs:
        for verb in path:
            if words[:1] == [verb]:
                words.pop(0)
    return words


def _mended(error: click.UsageError, words: list[str]) -> list[str] | None:
    """The words with the mistake mended; None where nobody knows how."""
    if isinstance(error, click.NoSuchOption):
        return _without_option(error, words)
    if isinstance(error.ctx and error.ctx.command, click.Group) and words:
        return [*_WITHIN.get(words[0], ("show", words[0])), *words[1:]]
    if isinstance(error, click.MissingParameter):
        usual = USUAL.get((error.param.name if error.param else None) or "")
        return None if usual is None else [*words, *usual]
    if isinstance(error, click.BadParameter):
        return _with_a_choice(error, words) or _with_usual(error.param, words)
    if isinstance(error, click.BadOptionUsage):
        options = () if error.ctx is None else error.ctx.command.params
        named = (param for param in options if error.option_name in param.opts)
        return _with_usual(next(named, None), words)
    found = _EXTRA.search(error.message)
    if found is not None:
        extra = found[1].split()
        return [word for at, word in enumerate(words) if not _is_extra(word, words[at:], extra)]
    return None


def _is_extra(word: str, onwards: Sequence[str], extra: Sequence[str]) -> bool:
    """Whether it is one of the last words that are too many."""
    return word in extra and list(onwards).count(word) <= list(extra).count(word)


def _without_option(error: click.NoSuchOption, words: list[str]) -> list[str]:
    """The option as a key of the profile, as the nearest one is called, or not at all."""
    name, near = error.option_name, error.possibilities or []
    at = next((at for at, word in enumerate(words) if _names(word, name)), None)
    if at is None or error.ctx is None:
        return words
    own, equals, value = words[at].partition("=")
    before, behind = words[:at], words[at + 1 :]
    ways = []
    if equals or behind:
        rest = behind if equals else behind[1:]
        said = value if equals else behind[0]
        ways += [[*before, "--set", text, *rest] for text in _settings(own, said)]
    close = [name for name in get_close_matches(own, near, 3, _ALIKE) if name != "--help"]
    ways += [[*before, one + equals + value, *behind] for one in close]
    takes = bool(behind) and not equals and _VALUE.fullmatch(behind[0]) is not None
    ways += [[*before, *behind[takes:]], [*before, *behind], [*before, *behind[1:]]]
    has_target = any(param.name == "target" for param in error.ctx.command.params)
    usual = USUAL["target"] if has_target else ()
    return next((way for way in ways if is_taken(error.ctx, way)), list(usual))


def _settings(option: str, said: str) -> list[str]:
    """What `--set` takes for the key of a profile that an option is called like: `--seed 3`."""
    from bench.profile.schema import PROFILE

    name = option.lstrip("-").replace("-", "_")
    variable, equals, value = said.partition("=")
    if name in ("env", "environment") and equals:
        return [f'target.environment.{variable}="{value}"']
    tables = [section for section in PROFILE.sections() if not section.many]
    keys = [f"{table.path}.{name}".lstrip(".") for table in tables if name in table.names]
    levels = [section for section in PROFILE.sections() if section.path == "variants"]
    keys += [f"variants[0].{name}" for section in levels if name in section.names]
    return [f"{key}={said}" for key in keys]


def _names(word: str, name: str) -> bool:
    if name.startswith("--"):
        return word.partition("=")[0] == name
    return word.startswith("-") and not word.startswith("--") and name[1:] in word


def _with_usual(param: click.Parameter | None, words: list[str]) -> list[str] | None:
    """With a value that can be behind the option, or without the option."""
    if not isinstance(param, click.Option) or param.is_flag:
        return None
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        name = next((name for name in param.opts if _is_option(word, name)), None)
        if name is None:
            rest.append(word)
            continue
        refused = left.pop(0) if word == name and left else word[len(name) :].lstrip("=")
        usual = clamped(param, refused) or usual_value(param)
        rest += () if usual is None else (name, usual)
    return rest


def _is_option(word: str, name: str) -> bool:
    if name.startswith("--"):
        return word.partition("=")[0] == name
    return word.startswith(name)


def _with_a_choice(error: click.BadParameter, words: list[str]) -> list[str] | None:
    """The value that is allowed and looks most like the one that is not."""
    kind = None if error.param is None else error.param.type
    if not isinstance(kind, click.Choice):
        return None
    choices = [str(choice) for choice in kind.choices]
    for at, word in enumerate(words):
        name, equals, value = word.rpartition("=") if word.startswith("--") else ("", "", word)
        if value not in choices and f"'{value}'" in error.message:
            close = get_close_matches(value, choices, 1, _LEAST_LIKE) or choices[:1]
            return [*words[:at], f"{name}{equals}{close[0]}", *words[at + 1 :]]
    return None
