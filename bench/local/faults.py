"""Faults on a seeded schedule: what the embedded Lambda does wrong on purpose, and when.

A plan is pure. It is read from tables such as a profile or the control port gives; `decide` says
what happens to one request and the service carries it out. Every fault draws from a random source
of its own, once or twice per request in its scope and window, so the same requests in the same
order meet the same faults, whatever other faults there are.

    kind        keys of its own
    latency     ms, or min_ms and max_ms (uniform), or low_ms, high_ms and high_share (bimodal)
    stall       duration_s: whatever comes in between start_s and its end waits for the end
    throttle    reason, retry_after_s: the function is not run
    error       status (500, 502, 503 or 504): the function is not run
    reset       the connection is reset instead of an answer; the function is not run
    malformed   the function runs, its answer is sent as what is no HTTP
    truncated   keep_share: the function runs, only that share of its answer's body is sent
    cold-start  the request gets a new sandbox, however many warm ones there are

    every kind  door, function, qualifier (a name or a list; default all), probability (1),
                start_s (0), duration_s (for ever), every_s (the window comes again), seed
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from random import Random
from typing import Any

from bench.errors import Problem, ProfileError

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
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
class Action:
    """What happens in the place of a good answer. Only the fields of its kind mean something."""

    kind: FaultKind
    status: int = 500
    reason: str = DEFAULT_REASON
    retry_after_s: int | None = None
    keep_share: float = 0.5

    @property
    def runs_function(self) -> bool:
        """Whether the function is invoked all the same, and only its answer is spoilt."""
        return self.kind in (FaultKind.MALFORMED, FaultKind.TRUNCATED)


@dataclass(frozen=True, slots=True)
class FaultDecision:
    """For one request: wait delay_ns first, use a new sandbox if cold, then the action, if any."""

    delay_ns: int = 0
    action: Action | None = None
    cold: bool = False


NO_FAULT = FaultDecision()


@dataclass(frozen=True, slots=True)
class Scope:
    """Which requests a fault is for; None means all."""

    doors: frozenset[str] | None = None
    functions: frozenset[str] | None = None
    qualifiers: frozenset[str] | None = None

    def covers(self, door: str, function: str, qualifier: str) -> bool:
        """Whether the request is one of them."""
        return (
            (self.doors is None or door in self.doors)
            and (self.functions is None or function in self.functions)
            and (self.qualifiers is None or qualifier in self.qualifiers)
        )


@dataclass(frozen=True, slots=True)
class Window:
    """When a fault is on, from the plan's start. duration_ns None: for ever; every_ns: repeats."""

    start_ns: int = 0
    duration_ns: int | None = None
    every_ns: int | None = None

    def remaining_ns(self, now_ns: int) -> int | None:
        """Time until the window closes, 0 outside of it, None when it never does."""
        since_ns = now_ns - self.start_ns
        if since_ns < 0:
            return 0
        if self.duration_ns is None:
            return None
        if self.every_ns is not None:
            since_ns %= self.every_ns
        return max(0, self.duration_ns - since_ns)


@dataclass(frozen=True, slots=True)
class Delay:
    """low_ns, or with high_share between 0 and 1 high_ns; uniform between them if it is None."""

    low_ns: int = 0
    high_ns: int = 0
    high_share: float | None = 0.0

    def draw_ns(self, rng: Random) -> int:
        """One delay; always one number is drawn."""
        at = rng.random()
        if self.high_share is None:
            return self.low_ns + round(at * (self.high_ns - self.low_ns))
        return self.high_ns if at < self.high_share else self.low_ns


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a plan."""

    kind: FaultKind
    scope: Scope
    window: Window
    probability: float
    seed: int
    delay: Delay = Delay()
    action: Action | None = None


class FaultPlan:
    """All faults that are in force. Empty, it never does anything."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.faults = tuple(faults)
        self._sources = [Random(fault.seed) for fault in self.faults]

    @classmethod
    def parse(cls, tables: Sequence[Mapping[str, Any]], *, source: str = "faults") -> FaultPlan:
        """Read a plan; raises ProfileError with every mistake in it, `faults[1].status …`."""
        problems: list[Problem] = []
        faults = []
        for index, table in enumerate(tables):
            reader = _Reader(table, f"faults[{index}]", problems)
            fault = reader.fault(default_seed=index + 1)
            if fault is not None:
                faults.append(fault)
        if problems:
            raise ProfileError(source, problems)
        return cls(faults)

    def decide(self, now_ns: int, door: str, function: str, qualifier: str | None) -> FaultDecision:
        """What happens to a request; now_ns counts from when the plan came into force.

        Delays add up, of several actions the first in the plan's order counts.
        """
        if not self.faults:
            return NO_FAULT
        delay_ns, action, cold = 0, None, False
        for fault, rng in zip(self.faults, self._sources, strict=True):
            if not fault.scope.covers(door, function, qualifier or ""):
                continue
            remaining_ns = fault.window.remaining_ns(now_ns)
            if remaining_ns == 0 or rng.random() >= fault.probability:
                continue
            if fault.kind is FaultKind.LATENCY:
                delay_ns += fault.delay.draw_ns(rng)
            elif fault.kind is FaultKind.STALL:
                delay_ns += remaining_ns or 0
            elif fault.kind is FaultKind.COLD_START:
                cold = True
            else:
                action = action or fault.action
        return FaultDecision(delay_ns, action, cold)


_COMMON = (
    "kind",
    "door",
    "function",
    "qualifier",
    "probability",
    "start_s",
    "duration_s",
    "every_s",
    "seed",
)
_OWN: Mapping[FaultKind, tuple[str, ...]] = {
    FaultKind.LATENCY: ("ms", "min_ms", "max_ms", "low_ms", "high_ms", "high_share"),
    FaultKind.THROTTLE: ("reason", "retry_after_s"),
    FaultKind.ERROR: ("status",),
    FaultKind.TRUNCATED: ("keep_share",),
}


class _Reader:
    """Reads one table, noting every mistake instead of stopping at the first."""

    def __init__(self, table: Mapping[str, Any], key: str, problems: list[Problem]) -> None:
        self._table = table
        self._key = key
        self._problems = problems

    def fault(self, default_seed: int) -> Fault | None:
        """The fault, or None when it has no kind; mistakes are noted."""
        if not isinstance(self._table, Mapping):
            self._note(
                "", f'must be a table such as {{kind = "latency", ms = 50}}, not {self._table!r}'
            )
            return None
        kind = self._kind()
        if kind is None:
            return None
        self._note_unknown_keys(kind)
        seed = self._table.get("seed", default_seed)
        if isinstance(seed, bool) or not isinstance(seed, int):
            self._note("seed", f"must be an integer (it is {seed!r})")
            seed = default_seed
        return Fault(
            kind=kind,
            scope=Scope(self._names("door"), self._names("function"), self._names("qualifier")),
            window=self._window(kind),
            probability=self._number("probability", 1.0, most=1.0),
            seed=seed,
            delay=self._delay() if kind is FaultKind.LATENCY else Delay(),
            action=self._action(kind),
        )

    def _note(self, name: str, message: str) -> None:
        key = f"{self._key}.{name}" if name else self._key
        self._problems.append(Problem(key, message))

    def _kind(self) -> FaultKind | None:
        kinds = [kind.value for kind in FaultKind]
        given = self._table.get("kind")
        if isinstance(given, str) and given in kinds:
            return FaultKind(given)
        was = "is missing" if given is None else f"is {given!r}"
        self._note("kind", f"{was}: choose one of {', '.join(kinds)}")
        return None

    def _note_unknown_keys(self, kind: FaultKind) -> None:
        known = (*_COMMON, *_OWN.get(kind, ()))
        for name in self._table:
            if name not in known:
                close = difflib.get_close_matches(str(name), known, 1)
                hint = (
                    f": did you mean {close[0]}?" if close else f": {kind} has {', '.join(known)}"
                )
                self._note(str(name), f"is no key of a fault of kind {kind}{hint}")

    def _number(
        self, name: str, default: float, *, least: float = 0.0, most: float | None = None
    ) -> float:
        value = self._table.get(name, default)
        bounds = f"at least {least:g}" if most is None else f"from {least:g} to {most:g}"
        if not _is_number(value):
            self._note(name, f"must be a number {bounds} (it is {value!r})")
            return default
        if value < least or (most is not None and value > most):
            self._note(name, f"must be {bounds} (it is {value!r})")
            return default
        return float(value)

    def _names(self, name: str) -> frozenset[str] | None:
        value = self._table.get(name)
        if value is None or value == "*":
            return None
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not all(isinstance(one, str) for one in names):
            self._note(name, f"must be a name or a list of names (it is {value!r})")
            return None
        return frozenset(names)

    def _window(self, kind: FaultKind) -> Window:
        start_ns = round(self._number("start_s", 0.0) * NS_PER_S)
        duration_ns = every_ns = None
        if "duration_s" in self._table:
            duration_ns = round(self._number("duration_s", 0.0) * NS_PER_S)
        elif kind is FaultKind.STALL:
            self._note("duration_s", "is missing: a stall needs an end, such as duration_s = 2")
        if "every_s" in self._table:
            every_ns = round(self._number("every_s", 1.0, least=0.001) * NS_PER_S)
            if duration_ns is None:
                self._note("every_s", "needs duration_s: how long the window is each time")
            elif duration_ns > every_ns:
                self._note("every_s", "must be at least duration_s, or the windows overlap")
        return Window(start_ns, duration_ns, every_ns)

    def _delay(self) -> Delay:
        given = [name for name in _OWN[FaultKind.LATENCY] if name in self._table]
        forms: Mapping[frozenset[str], str] = {
            frozenset({"ms"}): "constant",
            frozenset({"min_ms", "max_ms"}): "uniform",
            frozenset({"low_ms", "high_ms", "high_share"}): "bimodal",
        }
        form = forms.get(frozenset(given))
        if form is None:
            self._note(
                "ms", "latency needs ms, or min_ms and max_ms, or low_ms, high_ms and high_share"
            )
            return Delay()
        if form == "constant":
            return Delay(self._ms("ms"), self._ms("ms"))
        if form == "uniform":
            low_ns, high_ns = self._ms("min_ms"), self._ms("max_ms")
            if low_ns > high_ns:
                self._note("max_ms", "must be at least min_ms")
            return Delay(low_ns, high_ns, None)
        share = self._number("high_share", 0.0, most=1.0)
        return Delay(self._ms("low_ms"), self._ms("high_ms"), share)

    def _ms(self, name: str) -> int:
        return round(self._number(name, 0.0) * NS_PER_MS)

    def _action(self, kind: FaultKind) -> Action | None:
        if kind in (FaultKind.LATENCY, FaultKind.STALL, FaultKind.COLD_START):
            return None
        return Action(
            kind,
            status=self._choice("status", STATUSES, 500),
            reason=self._choice("reason", REASONS, DEFAULT_REASON),
            retry_after_s=self._retry_after_s(),
            keep_share=self._number("keep_share", 0.5, most=1.0),
        )

    def _choice(self, name: str, values: Sequence[Any], default: Any) -> Any:
        value = self._table.get(name, default)
        if value in values and not isinstance(value, bool):
            return value
        self._note(name, f"must be one of {', '.join(map(str, values))} (it is {value!r})")
        return default

    def _retry_after_s(self) -> int | None:
        if "retry_after_s" not in self._table:
            return None
        value = self._number("retry_after_s", 0.0)
        if value != int(value):
            self._note("retry_after_s", f"must be whole seconds (it is {value!r})")
        return int(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) if isinstance(value, float) else abs(value) < 2**63
