"""What one policy of retries did beside another, on the same function and the same arrivals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.format import bare_size, percentage
from bench.model.profile import Variant
from bench.model.recovery import Recovery
from bench.model.result import Window
from bench.record.figure import Figure
from bench.record.finding import Finding, Results
from bench.record.findings_of_recovery import recovery_text
from bench.record.recovery import Recoveries, slowest

_POLICIES = frozenset({"retry", "breaker", "timeout"})


def policies(results: Results, came_back: Recoveries) -> Iterator[Finding]:
    """A sentence for each policy beside the first that is called as it is otherwise."""
    first: dict[Variant, Window] = {}
    for window in results.windows:
        variant = window.variant
        if not variant.differ & _POLICIES:
            return
        rest = variant.with_levels(dict.fromkeys(_POLICIES))
        base = first.setdefault(rest, window)
        if base is not window and base.tally.sent and window.tally.sent:
            found = [slowest(came_back.get(one.variant, ())) for one in (window, base)]
            yield _against(window, base, found)


def _against(window: Window, base: Window, found: Sequence[Recovery | None]) -> Finding:
    tallies = window.tally, base.tally
    attempts = [f"{tally.retry_amplification or 0:.2f}" for tally in tallies]
    failed = [f"{percentage(tally.failed, tally.finished)} %" for tally in tallies]
    text = (
        f"{bare_size(window.variant)} against {bare_size(base.variant)}: "
        f"{attempts[0]} attempts for each call against {attempts[1]}, "
        f"{failed[0]} failed against {failed[1]}"
    )
    if any(tally.retries_refused for tally in tallies):
        refused = [f"{tally.retries_refused:,}" for tally in tallies]
        text += f", {refused[0]} retries forbidden against {refused[1]}"
    if found[0] is not None and found[1] is not None:
        text += f", recovered {recovery_text(found[0])} against {recovery_text(found[1])}"
    figures = [Figure("attempts", attempts[0]), Figure("against", attempts[1])]
    return Finding(text, tuple(figures))
