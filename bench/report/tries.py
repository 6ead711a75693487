"""With which attempt calls ended, and how many of them succeeded with it: rows of a table. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.format import percentage
from bench.model.result import TRIES, Window


def tries_rows(windows: Sequence[Window]) -> Iterator[list[str]]:
    """A heading, then a row for each variant; nothing where no call took more than one attempt.

    Of each attempt the share of calls that ended with it, and what share of those succeeded.
    """
    most = max((_most(window) for window in windows), default=0)
    if most < 2:
        return
    yield ["variant", *(_head(number) for number in range(1, most + 1))]
    for window in windows:
        yield [window.variant.name, *(_cell(window, at) for at in range(most))]


def _most(window: Window) -> int:
    """The highest number of an attempt with which any call ended."""
    return max((at + 1 for at, count in enumerate(window.tally.ended_with) if count), default=0)


def _head(number: int) -> str:
    return f"attempt {number}" + (" or more" if number == TRIES else "")


def _cell(window: Window, at: int) -> str:
    """`12.4 %, ok 98 %`."""
    ended, ok = window.tally.ended_with[at], window.tally.ok_with[at]
    share = percentage(ended, sum(window.tally.ended_with))
    return f"{share} %, ok {percentage(ok, ended)} %" if ended else "0 %"
