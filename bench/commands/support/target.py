"""From what somebody has to a profile that can be run."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.errors import TargetError, UsageError
from bench.folders import expanded
from bench.function_folder import entry, handler_in
from bench.profile import load_profile, resolved_toml, shipped_profiles
from bench.profile.begin import Found
from bench.profile.mend import Words
from bench.profile.options import Given
from bench.profile.overrides import SOURCE
from bench.profile.read import Begun, begun_profile
from bench.profile.shipped import shipped_profile
from bench.profile.target_values import aws_function
from bench.profile.target_word import TargetSort, TargetWord, target_word

if TYPE_CHECKING:
    from bench.model.profile import Profile

UNKNOWN_YET = Found(128, "x86_64")
"""Stands in until AWS has been asked, so that mistakes are told before that."""
QUICKSTART = "`lamload quickstart`"
_ON_AWS = (TargetSort.NAME, TargetSort.ARN)
_CLOSE = 0.75


def profile_of(target: str | None, overrides: Sequence[str], options: Given) -> Begun:
    """The profile of a word, or of what --function names, and its text.

    Raises UsageError and TargetError.
    """
    word, options = _meant(target, options)
    if word.sort is TargetSort.PROFILE:
        loaded = load_profile(word.text, overrides, options)
        return Begun(loaded, resolved_toml(loaded))
    has_handler = any(text.startswith("target.handler=") for text in overrides)
    if word.sort is TargetSort.OTHER and has_handler and Path(word.text).is_dir():
        word = TargetWord(word.text, TargetSort.FOLDER)
    if word.sort is TargetSort.OTHER:
        raise UsageError(_no_target(word))
    draft = _drafted(word, overrides, options)
    if word.sort not in _ON_AWS or ":states:" in word.text:
        return draft
    named, options = _functions(word, options)
    found = {name: asyncio.run(_ask_aws(word, name, draft.profile)) for name in named}
    return begun_profile(word, overrides, options, found)


def reads(target: str | None, words: Words) -> bool:
    """Whether a profile comes of these words, as far as this machine can tell."""
    options: dict[str, tuple[str, ...]] = {}
    for word in words:
        options[word.name] = (*options.get(word.name, ()), word.text)
    overrides = options.pop(SOURCE, ())
    try:
        meant, given = _meant(target, options)
        if meant.sort is TargetSort.PROFILE:
            load_profile(meant.text, overrides, given)
        else:
            _drafted(meant, overrides, given)
    except UsageError:
        return False
    return True


def _drafted(word: TargetWord, overrides: Sequence[str], options: Given) -> Begun:
    """Without asking AWS what its functions are like."""
    if word.sort not in _ON_AWS or ":states:" in word.text:
        return begun_profile(word, overrides, options)
    named, options = _functions(word, options)
    return begun_profile(word, overrides, options, dict.fromkeys(named, UNKNOWN_YET))


def _functions(word: TargetWord, options: Given) -> tuple[Sequence[str], Given]:
    """Names on AWS, and the other options. Raises UsageError for what AWS cannot call one."""
    named = options.get("--function") or (word.text,)
    for name in named:
        try:
            aws_function(name)
        except ValueError as error:
            raise UsageError(f"--function: {error}") from None
    return named, {name: texts for name, texts in options.items() if name != "--function"}


def _meant(target: str | None, options: Given) -> tuple[TargetWord, Given]:
    """The word; --function alone is one too, and then on AWS unless it is a folder."""
    if target is not None:
        word = target_word(target)
        is_missing = word.sort is TargetSort.PROFILE and not _is_there(target)
        if word.sort is TargetSort.NAME or is_missing:
            _check_spelling(target, may_be_function=not is_missing)
        return word, options
    functions = options.get("--function", ())
    if len(set(map(_is_local, functions))) > 1:
        each = ", then ".join(f"`lamload run --function {shlex.quote(f)}`" for f in functions)
        raise UsageError(
            f"--function takes several that are here, or several on AWS: {each}, and "
            "`lamload compare`"
        )
    if not functions:
        context = click.get_current_context(silent=True)
        verb = "lamload run" if context is None else context.command_path
        raise UsageError(
            "nothing to run: name a profile, a URL, a function or a folder with a handler, as in "
            f"`{verb} quickstart` or `{verb} https://example.com`; "
            "`lamload profiles` lists what is shipped"
        )
    word = target_word(functions[0])
    is_bundled_too = len(functions) > 1 and word.sort is TargetSort.BUNDLED
    if word.sort is not TargetSort.FOLDER and not is_bundled_too:
        word = TargetWord(word.text, TargetSort.ARN)  # named as a function, it is nothing else
    if len(functions) > 1:
        return word, options
    return word, {name: texts for name, texts in options.items() if name != "--function"}


def _is_local(function: str) -> bool:
    """Whether it can be one of several in a run: the embedded Lambda serves it."""
    return target_word(function).sort in (TargetSort.FOLDER, TargetSort.BUNDLED)


def _is_there(profile: str) -> bool:
    return shipped_profile(profile) is not None or expanded(profile).is_file()


def _check_spelling(name: str, *, may_be_function: bool) -> None:
    """Raise UsageError for what is nearly the name of a shipped profile."""
    names = [path.stem for path in shipped_profiles()]
    if Path(f"{name}.toml").is_file():
        raise UsageError(f"there is no profile {name}; did you mean `{_with(f'{name}.toml')}`?")
    close = get_close_matches(Path(name).name.removesuffix(".toml").lower(), names, 1, _CLOSE)
    if close:
        on_aws = f" A function of that name on AWS: `lamload run --function {name}`"
        raise UsageError(
            f"there is no profile {name}; did you mean `{_with(close[0])}`?"
            + (on_aws if may_be_function else "")
        )


def _no_target(word: TargetWord) -> str:
    text = word.text
    names = [path.stem for path in shipped_profiles()]
    if "." in text and (close := get_close_matches(Path(text).stem.lower(), names, 1, _CLOSE)):
        return f"there is no profile {text}; did you mean `{_with(close[0])}`?"
    if word.mend:
        return f"{text} cannot be run as it stands; did you mean `{_with(word.mend)}`?"
    if not text.strip():
        return f"nothing is named: a profile, a URL, a function or a folder: {QUICKSTART}"
    if expanded(text).is_dir():
        return _no_handler(text)
    if (handler := handler_in(expanded(text))) is not None:
        folder = str(Path(text).parent)
        return f"{text} is code: `{_with(folder, (f'target.handler={handler}',))}`"
    if elsewhere := _unpacked(text):
        return elsewhere
    return (
        f"{text} is no profile, URL or function, nor a folder with a handler (such as handler.py); "
        "`lamload quickstart` runs one that is shipped, `lamload profiles` lists them"
    )


def _with(target: str, sets: Sequence[str] = ()) -> str:
    """The command as it was typed, options and all, for another target."""
    context = click.get_current_context(silent=True)
    if context is None or "target" not in context.params:
        return shlex.join(["lamload", "run", target, *(f"--set={text}" for text in sets)])
    from bench.commands.support.ways import typed

    typed_sets = context.params.get("overrides", ())
    return typed(context, {"target": (target,), "overrides": (*typed_sets, *sets)})


def _unpacked(text: str) -> str:
    """What to do with what holds a function, or a page, but can be neither as it is; or ''."""
    scheme, mark, rest = text.partition("://")
    name = Path(text).name
    folder = f"./{Path(name).stem}"
    unzip = f"unzip -q {{}} -d {shlex.quote(folder)} && {_with(folder)}"
    if mark and scheme.lower() == "s3":
        fetch = f"aws s3 cp {shlex.quote(text)} . && {unzip.format(shlex.quote(name))}"
        return f"{text} is in S3: fetch it, and run its folder: `{fetch}`"
    if mark and scheme.lower() in ("ws", "wss") and rest:
        url = f"http{scheme[2:]}://{rest}"
        return f"{text} is a WebSocket, and HTTP is what is measured: `{_with(url)}`"
    if mark and rest:
        return f"{text}: of URLs http:// and https:// can be measured; without it: {QUICKSTART}"
    if text.endswith(".zip") and expanded(text).is_file():
        command = unzip.format(shlex.quote(text))
        return f"{text} is an archive: unpack it, and run its folder: `{command}`"
    return ""


def _no_handler(folder: str) -> str:
    """Of a folder of which nobody can tell what is to be called."""
    try:
        entry(expanded(folder))
    except (OSError, ValueError) as error:
        named = f"`lamload run {shlex.quote(folder)} --set target.handler=handler.main`"
        return f"{folder} {error}: name it, as in {named}, or begin with `lamload quickstart`"
    raise AssertionError("a folder with a handler is a target")


async def _ask_aws(word: TargetWord, function: str, profile: Profile) -> Found:
    """Memory and architecture of the function as it is. Raises TargetError, with a way on."""
    from bench.aws.api import LambdaApi, patient
    from bench.aws.bindings import FunctionName, place_of
    from bench.aws.credentials import load_credentials
    from bench.wire.environment import reached_by_environment
    from bench.wire.httpx_transport import WireTransport

    target, limits = replace(profile.target, function=function), patient(profile.timeouts)
    name = FunctionName.parse(function)
    transport = WireTransport(limits, reached_by_environment(profile, os.environ))
    try:
        credentials = await asyncio.to_thread(load_credentials, os.environ)
        place = place_of(target, os.environ)
        async with LambdaApi(credentials, place, transport=transport, timeouts=limits) as api:
            found = await api.wait_until_active(name.name, target.qualifier or name.qualifier)
    except TargetError as error:
        raise TargetError(_cannot_ask(word, error)) from None
    architecture = (found.get("Architectures") or [UNKNOWN_YET.architecture])[0]
    return Found(found["MemorySize"], architecture)


def _cannot_ask(word: TargetWord, error: TargetError) -> str:
    taken = ""
    if word.sort is TargetSort.NAME:
        taken = f"{word.text} is no profile or folder here, so it must be a function on AWS: "
    return f"{taken}{error}; without an account: `lamload quickstart`"
