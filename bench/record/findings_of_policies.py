"""What one policy of retries did beside another, on the same function and the same arrivals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import inf

from bench.format import percentage, told_name
from bench.model.profile import Variant
from bench.model.recovery import Recovery, RecoveryState
from bench.model.result import Window
from bench.record.figure import Figure
from bench.record.finding import Finding, Results
from bench.record.findings_of_recovery import recovery_text
from bench.record.policy_chance import Chances, Part, attempts_a_call, successes
from bench.record.question import CALLER_FACTORS
from bench.record.recovery import Recoveries, slowest

_FEW = 3
"""Policies from which on it is said which of them was first; of two the sentence says it."""
OPEN = "chance leaves it open"
_NAMED = 3
"""Names of those that are alike, at most."""


def policies(results: Results, came_back: Recoveries) -> Iterator[Finding]:
    """Which were first, and a sentence for each beside the first called as it is otherwise."""
    first: dict[Variant, Window] = {}
    against = []
    chances = Chances(results)
    for own in results.windows:
        if not own.variant.differ & CALLER_FACTORS or not own.tally.sent:
            continue
        window = replace(own, recovery=slowest(came_back.get(own.variant, ())))
        rest = window.variant.with_levels(dict.fromkeys(CALLER_FACTORS))
        base = first.setdefault(rest, window)
        if base is not window:
            against.append((window, base))
    if len(first) == 1 and len(against) + 1 >= _FEW:
        yield from _firsts([against[0][1], *(window for window, _ in against)], chances)
    yield from (_against(window, base, chances) for window, base in against)


# -- which of them was first


def _firsts(windows: Sequence[Window], chances: Chances) -> Iterator[Finding]:
    yield from _soonest(windows)
    retried = sorted((window for window in windows if window.tally.retries), key=_amplification)
    if len(retried) > 1:
        least, most = (
            _with_alike(ordered, attempts_a_call, chances, lambda w: f"{_amplification(w):.2f}")
            for ordered in (retried, retried[::-1])
        )
        yield Finding(f"fewest attempts a call of those that retried: {least}; most: {most}")
    by_ok = sorted(windows, key=_ok_share, reverse=True)
    if _ok_share(by_ok[0]) > _ok_share(by_ok[-1]):
        best, worst = (
            _with_alike(
                ordered,
                successes,
                chances,
                lambda w: f"{percentage(w.tally.ok, w.tally.finished)} %",
            )
            for ordered in (by_ok, by_ok[::-1])
        )
        yield Finding(f"most calls that succeeded: {best}; fewest: {worst}")


def _with_alike(
    ordered: Sequence[Window], part: Part, chances: Chances, figure: Callable[[Window], str]
) -> str:
    """The first, and those that cannot be told apart from it."""
    first, *others = ordered
    told = f"{told_name(first.variant)} {figure(first)}"
    open_ones = chances.leaves_open(others, first, part)
    alike = [window for window, is_open in zip(others, open_ones, strict=True) if is_open]
    return f"{told} or {_names(alike)}: {OPEN}" if alike else told


def _soonest(windows: Sequence[Window]) -> Iterator[Finding]:
    """Who was as before first, and who was not within the run."""
    found = [(w, w.recovery) for w in windows if w.recovery is not None]
    back = [(w, one.after_s) for w, one in found if one.after_s is not None]
    never = [w for w, one in found if one.state is RecoveryState.NOT_WITHIN]
    texts: list[str] = []
    figures: tuple[Figure, ...] = ()
    if back:
        soonest_s = min(after_s for _, after_s in back)
        first = [w for w, after_s in back if after_s == soonest_s]
        alike = [
            w
            for w, _ in found
            if w not in first and all(_may_be_equal(w.recovery, one.recovery) for one in first)
        ]
        more = f"; or {_names(alike)}: {OPEN}" if alike else ""
        texts.append(f"{_names(first)}, {_when(soonest_s)}{more}")
        if soonest_s:
            figures = (Figure("soonest well again", f"{soonest_s:.3g}", "s"),)
    if never:
        figures += (Figure("not within the run", str(len(never)), f"of {len(windows)}"),)
        texts.append(f"not within the run: {_names(never)}")
    if texts:
        yield Finding(f"soonest well again: {'; '.join(texts)}", figures)


def _may_be_equal(one: Recovery | None, other: Recovery | None) -> bool:
    """Whether chance leaves open which took longer: their intervals meet."""
    ends = [_ends_s(found) for found in (one, other) if found is not None and _is_known(found)]
    return len(ends) == 2 and ends[0][0] <= ends[1][1] and ends[1][0] <= ends[0][1]


def _ends_s(found: Recovery) -> tuple[float, float]:
    """Who was not back within the run may yet take any time."""
    is_closed = found.state is RecoveryState.RECOVERED and found.high_s is not None
    return found.low_s or 0.0, (found.high_s or 0.0) if is_closed else inf


def _names(windows: Sequence[Window]) -> str:
    names = [told_name(window.variant) for window in windows]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _amplification(window: Window) -> float:
    return window.tally.retry_amplification or 0.0


def _ok_share(window: Window) -> float:
    return window.tally.ok / window.tally.finished if window.tally.finished else 0.0


# -- one beside another


def _against(window: Window, base: Window, chances: Chances) -> Finding:
    both = (window, base)
    marks = {
        part: f" ({OPEN})" if chances.leaves_open([window], base, part)[0] else ""
        for part in (attempts_a_call, successes)
    }
    attempts = [f"{_amplification(one):.2f}" for one in both]
    parts = [f"amplification {attempts[0]} against {attempts[1]}{marks[attempts_a_call]}"]
    if all(_is_known(one.recovery) for one in both):
        is_open = _may_be_equal(window.recovery, base.recovery)
        is_said = is_open and _recovered(window) != _recovered(base)
        parts.append("recovered " + _of_both(both, _recovered) + (f" ({OPEN})" if is_said else ""))
    failed = [f"{percentage(one.tally.failed, one.tally.finished)} %" for one in both]
    parts.append(f"{failed[0]} failed against {failed[1]}{marks[successes]}")
    if any(one.tally.retries_refused for one in both):
        refused = [f"{one.tally.retries_refused:,}" for one in both]
        parts.append(f"{refused[0]} retries forbidden against {refused[1]}")
    names = _of_both(both, lambda one: told_name(one.variant))
    figures = [Figure("attempts a call", attempts[0]), Figure("against", attempts[1])]
    return Finding(f"{names}: {', '.join(parts)}", tuple(figures))


def _is_known(found: Recovery | None) -> bool:
    return found is not None and found.state is not RecoveryState.NOT_KNOWN


def _of_both(both: Sequence[Window], words: Callable[[Window], str]) -> str:
    return " against ".join(map(words, both))


def _recovered(window: Window) -> str:
    found = window.recovery
    if found is None:
        return ""
    return "at once" if found.after_s == 0 else recovery_text(found)


def _when(after_s: float) -> str:
    return f"after {after_s:.3g} s" if after_s else "at once"
