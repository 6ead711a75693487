"""Reads faults from tables such as a profile or the control port gives, noting every mistake."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from bench.errors import Problem
from bench.faults.fault import (
    DEFAULT_REASON,
    NS_PER_MS,
    NS_PER_S,
    REASONS,
    STATUSES,
    Delay,
    Fault,
    FaultAction,
    FaultKind,
    FaultWindow,
    Scope,
)

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


class TableReader:
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

    def _window(self, kind: FaultKind) -> FaultWindow:
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
        return FaultWindow(start_ns, duration_ns, every_ns)

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

    def _action(self, kind: FaultKind) -> FaultAction | None:
        if kind in (FaultKind.LATENCY, FaultKind.STALL, FaultKind.COLD_START):
            return None
        return FaultAction(
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
