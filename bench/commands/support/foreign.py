"""How other load generators, and the AWS CLI, call what lamload has: for whoever comes from them.

Nothing here is accepted: it is named back in lamload's words, as a command to paste. What hey and
oha share with lamload (-n -c -z -H -m -d -q) is in `bench.profile.options`.
"""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Foreign:
    """What an option is here. ours '' leaves it out; with `{}` its value goes there.

    takes_value is False for a switch.
    """

    ours: str
    takes_value: bool = True


LEFT_OUT, SWITCH = Foreign(""), Foreign("", False)
_CALLERS, _FOR, _COUNT = Foreign("--callers {}"), Foreign("--for {}"), Foreign("--invocations {}")
_RATE, _EVENT, _FILE = Foreign("--rate {}/s"), Foreign("--event {}"), Foreign("--event @{}")
_SIZES, _TARGET, _FUNCTION = Foreign("--memory {}"), Foreign("{}"), Foreign("--function {}")
_BASIC = Foreign("--header 'Authorization: Basic {}'")
_ACCEPT = Foreign("--header 'Accept: {}'")
_VARIABLE = Foreign("--set 'target.environment.{}'")
_TRUSTING = Foreign("--set connections.verify_tls=false", False)
OPTIONS: dict[str, Foreign] = {
    # k6, locust, artillery, wrk, ab, vegeta
    "--vus": _CALLERS,
    "--users": _CALLERS,
    "--concurrency": _CALLERS,
    "--connections": _CALLERS,
    "--clients": _CALLERS,
    "--duration": _FOR,
    "--run-time": _FOR,
    "--timelimit": _FOR,
    "--iterations": _COUNT,
    "--requests": _COUNT,
    "--count": _COUNT,
    "--num": _COUNT,
    "--qps": _RATE,
    "--rps": _RATE,
    "--url": _TARGET,
    "--host": _TARGET,
    "-f": _TARGET,
    "--spawn-rate": LEFT_OUT,
    "--threads": LEFT_OUT,
    "--stage": LEFT_OUT,
    "--stages": LEFT_OUT,
    "--targets": LEFT_OUT,
    "--latency": SWITCH,
    "-l": SWITCH,
    # curl, hey, oha
    "--data": _EVENT,
    "--body": _EVENT,
    "--request": Foreign("--method {}"),
    "-X": Foreign("--method {}"),
    "-D": _FILE,
    "--body-file": _FILE,
    "-T": Foreign("--header 'Content-Type: {}'"),
    "-x": Foreign("--set connections.proxy={}"),
    "--proxy": Foreign("--set connections.proxy={}"),
    "--insecure": _TRUSTING,
    "--insecure-skip-tls-verify": _TRUSTING,
    "--skip-tls-verify": _TRUSTING,
    "--user": _BASIC,
    "--threshold": Foreign("--slo {}"),
    "--thresholds": Foreign("--slo {}"),
    "--disable-keepalive": Foreign("--set connections.keep_alive=false", False),
    "--no-tui": Foreign("--headless", False),
    "--max-time": Foreign("--timeout {}"),
    "--connect-timeout": Foreign("--set timeout.connect={}"),
    "--workers": Foreign("--set load.workers={}"),
    "--cpus": LEFT_OUT,
    "--output": Foreign("--json"),
    "--http2": Foreign("--set connections.http2=true", False),
    "-h2": Foreign("--set connections.http2=true", False),
    **dict.fromkeys(
        (
            "--location",
            "--verbose",
            "--silent",
            "--compressed",
            "--include",
            "-L",
            "-s",
            "-S",
            "--latency-correction",
            "--disable-compression",
            "--disable-color",
            "--tail",
        ),
        SWITCH,
    ),
    "-o": LEFT_OUT,
    "-R": _RATE,
    # the AWS CLI, power tuning
    "--function-name": _FUNCTION,
    "--lambda-arn": _FUNCTION,
    "--lambdaARN": _FUNCTION,
    "--payload": _EVENT,
    "--memory-size": _SIZES,
    "--powerValues": _SIZES,
    "--power-values": _SIZES,
    "--region": Foreign("--set target.region={}"),
    "--cli-binary-format": LEFT_OUT,
    "--invocation-type": LEFT_OUT,
    "--log-type": LEFT_OUT,
}
"""By the name that somebody else gives it."""
BY_VALUE: dict[str, tuple[tuple[str, Foreign], ...]] = {
    "-t": ((r"[\d.]+(ms|s|m|h)", _FOR), (r"\d+", LEFT_OUT)),
    "-u": ((r"\d+", _CALLERS), (r"[^:]+:.*", _BASIC)),
    "-i": ((r"\d+", _COUNT),),
    "-r": ((r"\d+", LEFT_OUT),),
    "-w": ((r"\d+", LEFT_OUT),),
    "-p": ((r"\d+", LEFT_OUT), (r".+", _FILE)),
    "-e": ((r".+\.json", _FILE), (r"\w+=.*", _VARIABLE), (r".+", LEFT_OUT)),
    "-a": ((r"[^:]+:.*", _BASIC),),
    "-A": ((r"[^:/]+:.*", _BASIC), (r".+", _ACCEPT)),
    "-v": (),
}
"""Those that mean one thing or another by what stands behind them; with nothing such a switch."""
_TIMES = (_FOR, OPTIONS["--max-time"], OPTIONS["--connect-timeout"])
_TIME = re.compile(r"\d+(\.\d+)?(ms|s|m|h)")
CALLERS = ("-c", "--callers")
_CALLERS_AT_ONCE = re.compile(r"-c\d+|--callers=.*")
HEADER, SLO = "-H", "--slo"
BARE_TIMES = ("--for", "-z", "--timeout", "--warm-up")
"""Of lamload's own, those that other tools have in seconds without saying so."""
_LIMIT = re.compile(r"(p[\d.]+|max|min|mean)\s*[<>]=?\s*[\d.]+")
_PER_S = re.compile(r"/1s$")
"""Vegeta's rates."""
_URL = re.compile(r"https?://")
_TLS = "https://"
_TRUST = "-k"
"""curl's and artillery's for any certificate; ab's for keep-alive, which is usual here."""
PAYLOAD = "-d"
"""The payload, but in wrk's `-d30s` the time."""
_SHORT, _LONG = re.compile(r"-[A-Za-z]"), re.compile(r"-[a-z][a-z0-9-]+")


def in_our_words(
    arguments: Sequence[str], own: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """The arguments as lamload has them, and the names of the options that it has not.

    own: lamload's options that take a value, which may look like another tool's option.
    """
    words: list[str] = []
    names: list[str] = []
    rest = list(arguments)
    is_tls = any(argument.startswith(_TLS) for argument in arguments)
    is_url = is_tls or any(map(_URL.match, arguments))
    while rest:
        argument = rest.pop(0)
        typed, name, value = _parted(argument, own)
        behind = (rest[0] if rest else "") if value is None else value
        option = _meant(name, behind, value is not None)
        if name == _TRUST:
            option = _TRUSTING if is_tls else SWITCH
        elif option is _VARIABLE and is_url:  # nothing of ours runs behind it
            option = LEFT_OUT
        if option is not None:
            names.append(typed)
            if option.takes_value and value is None:
                value = rest.pop(0) if rest else ""
            words += _ours(option, value or "")
        elif typed != name:  # lamload's own, but for a dash
            names.append(typed)
            words += [name] if value is None else [name, _PER_S.sub("/s", value)]
        elif rest and _is_bare(argument, behind):
            names.append(argument)
            words += [argument, _with_unit(argument, rest.pop(0))]
        elif rest and argument == HEADER and _URL.match(behind):  # locust's host
            names.append(argument)
            words.append(rest.pop(0))
        else:
            words.append(argument)
            if (argument in own or argument == PAYLOAD) and rest:
                words.append(rest.pop(0))
    return (_in_one_loop(words) if names else words), names


def _in_one_loop(words: Sequence[str]) -> list[str]:
    """Without callers where there is a rate: wrk2 and bombardier have both."""
    kept: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if "--rate" in words and word in CALLERS and rest:
            rest.pop(0)
        elif "--rate" not in words or not _CALLERS_AT_ONCE.fullmatch(word):
            kept.append(word)
    return kept


def _is_bare(argument: str, behind: str) -> bool:
    """Whether one of lamload's own has an amount behind it that lacks its unit."""
    if argument == SLO:
        return _LIMIT.fullmatch(behind) is not None
    return argument in BARE_TIMES and behind.isdecimal()


def _with_unit(argument: str, value: str) -> str:
    return f"{value}{'ms' if argument == SLO else 's'}"


def _meant(name: str, behind: str, is_attached: bool) -> Foreign | None:
    """What an option is here, by what stands behind it; None for one of lamload's own."""
    if name == PAYLOAD:
        return _FOR if _TIME.fullmatch(behind) else None
    if name in BY_VALUE:
        fitting = (o for form, o in BY_VALUE[name] if re.fullmatch(form, behind))
        return next(fitting, None if is_attached else SWITCH)
    return OPTIONS.get(name)


def _ours(option: Foreign, value: str) -> Iterator[str]:
    """A bare number of seconds gets its unit; a file is named as here."""
    if option in _TIMES and value.isdecimal():
        value += "s"
    if option is _BASIC:
        value = b64encode(value.encode("utf-8")).decode("ascii")
    if option is _VARIABLE:
        variable, _, said = value.partition("=")
        value = f"{variable}={json.dumps(said)}"
    if option is _EVENT and value.startswith("file"):  # as the AWS CLI has it: fileb://event.json
        value = "@" + value.partition("://")[2]
    for part in shlex.split(option.ours):
        yield part.replace("{}", value)


def _parted(argument: str, own: Collection[str]) -> tuple[str, str, str | None]:
    """`--vus=10` and `-t2` as typed, by name, and value; value None stands for the next argument.

    `-disable-keepalive`, as Go's tools have it, is by name the long option.
    """
    typed, equals, value = argument.partition("=")
    if typed in OPTIONS or argument.startswith("--"):
        return typed, typed, value if equals else None
    if _LONG.fullmatch(typed) and (f"-{typed}" in OPTIONS or f"-{typed}" in own):
        return typed, f"-{typed}", value if equals else None
    if _SHORT.match(argument) and len(argument) > 2:
        return argument[:2], argument[:2], argument[2:]
    return argument, argument, None
