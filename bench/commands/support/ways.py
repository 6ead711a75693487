"""The command that a refusal ends with: what was typed, with what was refused put right."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from bench.commands.support.usual_values import usual_value
from bench.errors import LamloadError, ProfileError, TargetError, UsageError
from bench.report.secrets import without_secrets

if TYPE_CHECKING:
    from bench.profile.mend import Words

_NAMED = ("`lamload ", "&& lamload ")
ELSEWHERE = "without it: `lamload quickstart`"
"""Where a target cannot be used."""
EMBEDDED = "embedded Lambda"
AT_HOME = "`lamload doctor` tells what this machine lacks"
KEYS = "`lamload help profiles` tells what can be"
"""Where a mistake is in a file."""
_OPTION = re.compile(r"--?[a-z][a-z-]*")


def way_on(ctx: click.Context, error: LamloadError) -> str:
    """Words with the command in them, '' where the text names one or there is nothing to mend."""
    text = str(error)
    if not isinstance(error, UsageError | TargetError) or has_command(text):
        return ""
    if isinstance(error, TargetError):
        return AT_HOME if EMBEDDED in text else ELSEWHERE
    if not isinstance(error, ProfileError):
        return _meant(_without(ctx, text) or f"{ctx.command_path} --help")
    if found := _of_profile(ctx, error):
        return _meant(found)
    return ELSEWHERE if "://" in (ctx.params.get("target") or "") else KEYS


def has_command(text: str) -> bool:
    """Whether the last line of what is told has a command already."""
    return any(named in text.splitlines()[-1] for named in _NAMED)


def _meant(command: str) -> str:
    return f"did you mean `{command}`?"


def typed(ctx: click.Context, instead: dict[str, Sequence[str]]) -> str:
    """What was typed, by each option's long name; instead has other texts by a parameter's name."""
    words = [word for param in ctx.command.params for word in _words(ctx, param, instead)]
    return shlex.join([*ctx.command_path.split(), *map(without_secrets, words)])


def _words(
    ctx: click.Context, param: click.Parameter, instead: dict[str, Sequence[str]]
) -> Iterator[str]:
    name = param.name or ""
    is_flag = isinstance(param, click.Option) and param.is_flag
    if name in instead:
        texts: Sequence[Any] = instead[name]
    elif ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
        return
    else:
        value = ctx.params.get(name)
        texts = value if isinstance(value, tuple | list) else [value]
    if is_flag:
        yield from (max(param.opts, key=len) for text in texts if text)
    elif isinstance(param, click.Option):
        yield from (word for text in texts for word in (max(param.opts, key=len), str(text)))
    else:
        yield from map(str, texts)


def _without(ctx: click.Context, text: str) -> str:
    """With a usual value for the option that a text is about, or without it."""
    begin = _OPTION.match(text)
    options = [param for param in ctx.command.params if isinstance(param, click.Option)]
    named = [param for param in options if begin and begin[0] in param.opts]
    named += [param for param in options if _is_quoted(ctx, param, text)]
    if not named or named[0].name is None:
        return ""
    usual = usual_value(named[0])
    return typed(ctx, {named[0].name: () if usual is None else (usual,)})


def _is_quoted(ctx: click.Context, param: click.Option, text: str) -> bool:
    """Whether what stands behind an option is in a text, as a word of it."""
    name = param.name or ""
    if param.is_flag or ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
        return False
    value = ctx.params.get(name)
    values = value if isinstance(value, tuple | list) else (value,)
    words = set(re.split(r"[\s:;,()]+", text))
    return any(str(one) in words for one in values)


def _of_profile(ctx: click.Context, error: ProfileError) -> str:
    """With options and `--set`s that can be read beside what else the profile says."""
    from bench.commands.support.target import reads
    from bench.profile.mend import Word, mended, set_for_once
    from bench.profile.near import near_url
    from bench.profile.options import OPTIONS
    from bench.profile.overrides import SOURCE

    target: str | None = ctx.params.get("target")
    if "overrides" not in ctx.params or "target" not in ctx.params:
        return ""
    words: Words = tuple(
        Word(option.name, text) for option in OPTIONS for text in ctx.params.get(option.field, ())
    ) + tuple(Word(SOURCE, text) for text in ctx.params["overrides"])

    def read(tried: Words) -> bool:
        return reads(target, tried)

    found = mended(words, error.problems, read)
    if found is None:
        once = set_for_once([problem for problem in error.problems if problem.source is None])
        found = (*words, *once) if once and read((*words, *once)) else None
    if found is not None:
        return typed(ctx, _by_parameter(found))
    guesses = near_url(target) if target and "://" in target else []
    url = next((guess for guess in guesses if reads(guess, words)), None)
    return "" if url is None else typed(ctx, {"target": (url,)})


def _by_parameter(words: Words) -> dict[str, Sequence[str]]:
    from bench.profile.options import OPTIONS
    from bench.profile.overrides import SOURCE

    fields = {option.name: option.field for option in OPTIONS} | {SOURCE: "overrides"}
    found: dict[str, list[str]] = {field: [] for field in fields.values()}
    for word in words:
        found[fields[word.name]].append(word.text)
    return dict(found)
