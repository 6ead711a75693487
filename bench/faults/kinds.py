"""The kinds of fault, each declared once: its name, its keys, what it does to a request.

A new kind is a name in FaultKind and a row of KINDS. One that delays a request, or wants a new
sandbox for it, needs no more than that; one that takes the place of the answer is an Action, which
`bench.local.doors.fault_player` carries out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, Protocol

from bench.model.times import NS_PER_MS
from bench.schema.key import Key
from bench.schema.section import Declared
from bench.schema.table import Table
from bench.schema.values import Value, narrowed, number, one_of, whole
from bench.units import shown

MAX_S = 30 * 86_400
MAX_MS = MAX_S * 1_000
"""Thirty days, like every duration of a profile."""
STATUSES = (500, 502, 503, 504)
DEFAULT_REASON = "ConcurrentInvocationLimitExceeded"
REASONS = (
    DEFAULT_REASON,
    "FunctionInvocationRateLimitExceeded",
    "ReservedFunctionConcurrentInvocationLimitExceeded",
    "ReservedFunctionInvocationRateLimitExceeded",
    "CallerRateLimitExceeded",
)


class FaultKind(StrEnum):
    """What a fault does; the value is how it is written."""

    LATENCY = "latency"
    STALL = "stall"
    THROTTLE = "throttle"
    ERROR = "error"
    RESET = "reset"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    COLD_START = "cold-start"


@dataclass(frozen=True, slots=True)
class FaultAction:
    """What happens in the place of a good answer. Only the fields of its kind mean something."""

    kind: FaultKind
    status: int = 500
    reason: str = DEFAULT_REASON
    retry_after_s: int | None = None
    retry_after_ms: int | None = None
    keep_share: float = 0.5

    @property
    def runs_function(self) -> bool:
        """Whether the function is invoked all the same, and only its answer is spoilt."""
        return KINDS[self.kind].runs_function


@dataclass(frozen=True, slots=True)
class FaultDecision:
    """For one request: wait delay_ns first, use a new sandbox if cold, then the action, if any."""

    delay_ns: int = 0
    action: FaultAction | None = None
    cold: bool = False

    def and_then(self, other: FaultDecision) -> FaultDecision:
        """Both: delays add up, of two actions the first counts."""
        return FaultDecision(
            self.delay_ns + other.delay_ns, self.action or other.action, self.cold or other.cold
        )


NO_FAULT = FaultDecision()


class Effect(Protocol):
    """What a fault does to a request that it strikes."""

    def strike(self, rng: Random, remaining_ns: int | None) -> FaultDecision:
        """remaining_ns is the time until the fault's window closes, None when it never does."""


@dataclass(frozen=True, slots=True)
class Delay:
    """low_ns, or with high_share between 0 and 1 high_ns; uniform between them if it is None."""

    low_ns: int = 0
    high_ns: int = 0
    high_share: float | None = 0.0

    def strike(self, rng: Random, remaining_ns: int | None) -> FaultDecision:
        """One delay; always one number is drawn."""
        del remaining_ns
        return FaultDecision(self._draw_ns(rng.random()))

    def _draw_ns(self, at: float) -> int:
        if self.high_share is None:
            return self.low_ns + round(at * (self.high_ns - self.low_ns))
        return self.high_ns if at < self.high_share else self.low_ns


@dataclass(frozen=True, slots=True)
class UntilTheEnd:
    """Waits until the window closes."""

    def strike(self, rng: Random, remaining_ns: int | None) -> FaultDecision:
        """As long as the window has left; no number is drawn."""
        del rng
        return FaultDecision(remaining_ns or 0)


@dataclass(frozen=True, slots=True)
class Always:
    """The same for every request that it strikes."""

    decision: FaultDecision

    def strike(self, rng: Random, remaining_ns: int | None) -> FaultDecision:
        """The decision that it was made with; no number is drawn."""
        del rng, remaining_ns
        return self.decision


@dataclass(frozen=True, slots=True)
class KindFacts:
    """help is a row of the reference's table; keys are those of this kind alone.

    effect makes of a table what the fault does, and notes mistakes. None: it takes the place of
    the answer, and its keys are fields of FaultAction.
    """

    help: str
    keys: tuple[Declared, ...] = ()
    effect: Callable[[Table], Effect] | None = None
    runs_function: bool = False
    """Of one that takes the place of the answer: the function is invoked all the same."""


def _ms(name: str, words: str) -> Key[int | None]:
    return Key(name, words, _milliseconds, None)


def _read_ms(value: Any) -> int:
    return round(number(0, MAX_MS)(value) * NS_PER_MS)


def _listed(values: tuple[object, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _whole_s(seconds: float) -> int:
    if not seconds.is_integer():
        raise ValueError(f"must be whole seconds (it is {shown(seconds)})")
    return int(seconds)


_milliseconds = Value(_read_ms, number(0, MAX_MS).schema, lambda ns: ns / NS_PER_MS)
CONSTANT = _ms("ms", "how long: a constant, in milliseconds")
LEAST, MOST = _ms("min_ms", "or uniform, from here"), _ms("max_ms", "to here")
USUAL, OTHER = _ms("low_ms", "or one of two: the usual"), _ms("high_ms", "and the other")
OTHER_SHARE = Key(
    "high_share", "share of requests that get the other one, 0 to 1", number(0, 1), None
)
_FORMS = ({CONSTANT.name}, {LEAST.name, MOST.name}, {USUAL.name, OTHER.name, OTHER_SHARE.name})


def _latency(table: Table) -> Delay:
    given = {name for form in _FORMS for name in form if name in table}
    if given not in _FORMS:
        table.fault(
            "ms", "latency needs ms, or min_ms and max_ms, or low_ms, high_ms and high_share"
        )
        return Delay()
    if CONSTANT.name in given:
        constant_ns = CONSTANT.read(table) or 0
        return Delay(constant_ns, constant_ns)
    if LEAST.name in given:
        low_ns, high_ns = LEAST.read(table) or 0, MOST.read(table) or 0
        if low_ns > high_ns and not table.is_noted(MOST.name):
            table.fault(MOST.name, "must be at least min_ms")
        return Delay(low_ns, high_ns, None)
    share = OTHER_SHARE.read(table) or 0.0
    return Delay(USUAL.read(table) or 0, OTHER.read(table) or 0, share)


def _stall(table: Table) -> UntilTheEnd:
    if "duration_s" not in table:
        table.fault("duration_s", "is missing: a stall needs an end, such as duration_s = 2")
    return UntilTheEnd()


KINDS: Mapping[FaultKind, KindFacts] = {
    FaultKind.LATENCY: KindFacts(
        "waits before the request is handled",
        (CONSTANT, LEAST, MOST, USUAL, OTHER, OTHER_SHARE),
        effect=_latency,
    ),
    FaultKind.STALL: KindFacts(
        "whatever comes in between `start_s` and its end waits for the end", effect=_stall
    ),
    FaultKind.THROTTLE: KindFacts(
        "a throttle; the function is not run",
        (
            Key("reason", f"one of {_listed(REASONS)}", one_of(REASONS), DEFAULT_REASON),
            Key(
                "retry_after_s",
                "a hint for the client, in seconds",
                narrowed(number(0, MAX_S), _whole_s, {"type": "integer"}),
                None,
            ),
            Key(
                "retry_after_ms",
                "a hint for AWS SDKs, `x-amz-retry-after`, in milliseconds",
                whole(0, MAX_MS),
                None,
            ),
        ),
    ),
    FaultKind.ERROR: KindFacts(
        "an error of the service; the function is not run",
        (Key("status", f"of the answer: {_listed(STATUSES)}", one_of(STATUSES), 500),),
    ),
    FaultKind.RESET: KindFacts(
        "the connection is reset instead of an answer; the function is not run"
    ),
    FaultKind.MALFORMED: KindFacts(
        "the function runs, its answer is sent as what is no HTTP", runs_function=True
    ),
    FaultKind.TRUNCATED: KindFacts(
        "the function runs, a part of its answer is missing",
        (Key("keep_share", "share of the answer's body that is sent", number(0, 1), 0.5),),
        runs_function=True,
    ),
    FaultKind.COLD_START: KindFacts(
        "the request gets a new sandbox, however many warm ones there are",
        effect=lambda _: Always(FaultDecision(cold=True)),
    ),
}
