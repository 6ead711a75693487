"""How other load generators, and the AWS CLI, call what lamload has: for whoever comes from them.

Nothing here is accepted: it is named back in lamload's words, as a command to paste. What hey and
oha share with lamload (-n -c -z -H -m -d -q) is in `bench.profile.options`.
"""

from __future__ import annotations

import re
import shlex
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
    "--latency": SWITCH,
    "-t": LEFT_OUT,
    "-k": SWITCH,
    "-l": SWITCH,
    # curl, hey, oha
    "--data": _EVENT,
    "--body": _EVENT,
    "--request": Foreign("--method {}"),
    "-X": Foreign("--method {}"),
    "-D": _FILE,
    "--body-file": _FILE,
    "-T": Foreign("--header 'Content-Type: {}'"),
    "-A": Foreign("--header 'Accept: {}'"),
    "-x": Foreign("--set connections.proxy={}"),
    "--proxy": Foreign("--set connections.proxy={}"),
    "--insecure": Foreign("--set connections.verify_tls=false", False),
    "--disable-keepalive": Foreign("--set connections.keep_alive=false", False),
    "--no-tui": Foreign("--headless", False),
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
_TIME = re.compile(r"\d+(\.\d+)?(ms|s|m|h)")
_SHORT = re.compile(r"-[A-Za-z]")


def in_our_words(
    arguments: Sequence[str], own: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """The arguments as lamload has them, and the names of the options that it has not.

    own: lamload's options that take a value, which may look like another tool's option.
    """
    words: list[str] = []
    names: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, value = _parted(argument)
        option = OPTIONS.get(name)
        if name == "-d":  # the payload, but wrk's `-d30s`
            value = next(rest, "") if value is None else value
            option = _FOR if _TIME.fullmatch(value) else None
            argument = f"-d{value}"
        if option is None:
            words.append(argument)
            if argument in own:
                words += [value for value in (next(rest, None),) if value is not None]
            continue
        names.append(name)
        if option.takes_value and value is None:
            value = next(rest, "")
        words += _ours(option, value or "")
    return words, names


def _ours(option: Foreign, value: str) -> Iterator[str]:
    """A bare number of seconds gets its unit."""
    if option is _FOR and value.isdecimal():
        value += "s"
    for part in shlex.split(option.ours):
        yield part.replace("{}", value)


def _parted(argument: str) -> tuple[str, str | None]:
    """`--vus=10` and `-t2` as name and value; value None stands for the next argument."""
    if argument.startswith("--"):
        name, equals, value = argument.partition("=")
        return name, value if equals else None
    if _SHORT.match(argument) and len(argument) > 2:
        return argument[:2], argument[2:]
    return argument, None
