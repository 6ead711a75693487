"""What one policy of retries did beside another, on the same function and the same arrivals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bench.format import bare_size, percentage
from bench.model.profile import Variant
from bench.model.recovery import Recovery, RecoveryState
from bench.model.result import Window
from bench.record.figure import Figure
from bench.record.finding import Finding, Results
from bench.record.findings_of_recovery import recovery_text
from bench.record.question import CALLER_FACTORS
from bench.record.recovery import Recoveries, slowest

_FEW = 3
"""Policies from which on it is said which of them was first; of two the sentence says it."""
_NAMED = 3
"""Names of those that are alike, at most."""


def policies(results: Results, came_back: Recoveries) -> Iterator[Finding]:
    """Which were first, and a sentence for each beside the first called as it is otherwise."""
    first: dict[Variant, Window] = {}
    against = []
    for own in results.windows:
        if not own.variant.differ & CALLER_FACTORS or not own.tally.sent:
            continue
        window = replace(own, recovery=slowest(came_back.get(own.variant, ())))
        rest = window.variant.with_levels(dict.fromkeys(CALLER_FACTORS))
        base = first.setdefault(rest, window)
        if base is not window:
            against.append((window, base))
    if len(first) == 1 and len(against) + 1 >= _FEW:
        yield from _firsts([against[0][1], *(window for window, _ in against)])
    yield from (_against(window, base) for window, base in against)


# -- which of them was first


def _firsts(windows: Sequence[Window]) -> Iterator[Finding]:
    yield from _soonest(windows)
    retried = [window for window in windows if window.tally.retries]
    if len(retried) > 1:
        least, most = (choose(retried, key=_amplification) for choose in (min, max))
        texts = [f"{bare_size(w.variant)} {_amplification(w):.2f}" for w in (least, most)]
        yield Finding(f"fewest attempts a call of those that retried: {texts[0]}; most: {texts[1]}")
    best, worst = (choose(windows, key=_ok_share) for choose in (max, min))
    if _ok_share(best) > _ok_share(worst):
        shares = [
            f"{bare_size(w.variant)} {percentage(w.tally.ok, w.tally.finished)} %"
            for w in (best, worst)
        ]
        yield Finding(f"most calls that succeeded: {shares[0]}; fewest: {shares[1]}")


def _soonest(windows: Sequence[Window]) -> Iterator[Finding]:
    """Who was as before first, and who was not within the run."""
    found = [(w, w.recovery) for w in windows if w.recovery is not None]
    back = [(w, one.after_s) for w, one in found if one.after_s is not None]
    never = [w for w, one in found if one.state is RecoveryState.NOT_WITHIN]
    texts: list[str] = []
    figures: tuple[Figure, ...] = ()
    if back:
        soonest_s = min(after_s for _, after_s in back)
        names = _names([w for w, after_s in back if after_s == soonest_s])
        texts.append(f"{names}, {_when(soonest_s)}")
        if soonest_s:
            figures = (Figure("soonest well again", f"{soonest_s:.3g}", "s"),)
    if never:
        figures += (Figure("not within the run", str(len(never)), f"of {len(windows)}"),)
        texts.append(f"not within the run: {_names(never)}")
    if texts:
        yield Finding(f"soonest well again: {'; '.join(texts)}", figures)


def _names(windows: Sequence[Window]) -> str:
    names = [bare_size(window.variant) for window in windows]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _amplification(window: Window) -> float:
    return window.tally.retry_amplification or 0.0


def _ok_share(window: Window) -> float:
    return window.tally.ok / window.tally.finished if window.tally.finished else 0.0


# -- one beside another


def _against(window: Window, base: Window) -> Finding:
    both = (window, base)
    attempts = [f"{_amplification(one):.2f}" for one in both]
    parts = [f"amplification {attempts[0]} against {attempts[1]}"]
    if all(_is_known(one.recovery) for one in both):
        parts.append("recovered " + _of_both(both, _recovered))
    failed = [f"{percentage(one.tally.failed, one.tally.finished)} %" for one in both]
    parts.append(f"{failed[0]} failed against {failed[1]}")
    if any(one.tally.retries_refused for one in both):
        refused = [f"{one.tally.retries_refused:,}" for one in both]
        parts.append(f"{refused[0]} retries forbidden against {refused[1]}")
    names = _of_both(both, lambda one: bare_size(one.variant))
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
