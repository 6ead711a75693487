"""What a generator is: how an invoker's event is made, and what it demands of the response.

To add one, write a file beside this one and name it in `bench.payloads.generators`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from bench.errors import UsageError

ACCOUNT = "123456789012"
REGION = "us-east-1"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

Options = Mapping[str, Any]


def any_response(_event: Any, _response: Any, _options: Options) -> None:
    """The check of a generator whose invoker demands nothing of a response."""


@dataclass(frozen=True, slots=True)
class GeneratorOption:
    """One option of a generator. The default's type is its type; choices, if any, are all."""

    default: Any
    meaning: str
    choices: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Generator:
    """make(random, index, options) gives the event as a JSON value.

    A generator with few different events has them all in few(options) instead, to be drawn evenly:
    they are encoded once. check(event, response, options) says what is wrong with a response, both
    as JSON values, or None. It must take any JSON value for a response and never raise.
    """

    name: str
    summary: str
    options: Mapping[str, GeneratorOption]
    check: Callable[[Any, Any, Options], str | None]
    make: Callable[[Random, int, Options], Any] | None = None
    few: Callable[[Options], list[Any]] | None = None

    def with_defaults(self, given: Options) -> dict[str, Any]:
        """All options, given or default. Raises UsageError for an unknown or impossible one."""
        for name in given:
            if name not in self.options:
                known = ", ".join(self.options) or "none"
                raise UsageError(f"has an unknown option {name!r} for {self.name}; known: {known}")
        return {
            name: _settled(name, option, given.get(name, option.default))
            for name, option in self.options.items()
        }


def _settled(name: str, option: GeneratorOption, value: Any) -> Any:
    wanted = type(option.default)
    if isinstance(value, bool) is not (wanted is bool) or not isinstance(
        value, (int, float) if wanted is float else wanted
    ):
        raise UsageError(f"has option {name} = {value!r}, which must be a {_word(wanted)}")
    if option.choices and value not in option.choices:
        raise UsageError(
            f"has option {name} = {value!r}, which must be one of "
            f"{', '.join(map(str, option.choices))}"
        )
    if option.least is not None and value < option.least:
        raise UsageError(f"has option {name} = {value}, which must be at least {option.least}")
    if option.most is not None and value > option.most:
        raise UsageError(f"has option {name} = {value}, which must be at most {option.most}")
    return value


def _word(kind: type) -> str:
    words = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return words.get(kind, "table")


def uuid_of(random: Random) -> str:
    """A version 4 UUID, drawn from 128 bits of random."""
    return str(UUID(int=random.getrandbits(128), version=4))


def instant(index: int) -> datetime:
    """A second for each event from 2026 on: events depend on their number, not on the clock."""
    return _EPOCH + timedelta(seconds=index)


def iso(moment: datetime) -> str:
    """UTC as AWS events have it, in whole seconds: `2026-01-01T00:00:00Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return int(moment.timestamp() * 1000)


def several(names: Iterable[str]) -> str:
    """`a`, or `a and 3 more`."""
    first, *rest = names
    return f"{first} and {len(rest)} more" if rest else first


def shown(value: Any) -> str:
    """A value of the response for a message, short."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
