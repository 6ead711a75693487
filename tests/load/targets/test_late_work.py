"""Who can tell of work that succeeded after its caller had given up."""

from __future__ import annotations

from dataclasses import replace

from bench.load.targets.late_work import late_successes, with_late_successes
from bench.record.csv_columns import summary_row
from bench.record.window import empty_window
from tests.record.build import LARGE, SMALL

SEEN = [
    {"function": "f", "qualifier": "a", "succeeded_unheard": 3},
    {"function": "f", "qualifier": "b", "succeeded_unheard": 5},
]


def test_variants_that_share_a_function_and_qualifier_cannot_be_told_apart() -> None:
    places = {"one": ("f", "a"), "other": ("f", "b"), "same": ("f", "b"), "unused": ("g", "a")}
    assert late_successes(SEEN, places) == {"one": 3, "unused": 0}


def test_it_is_not_known_where_nobody_counts() -> None:
    windows = [empty_window(SMALL), empty_window(LARGE)]
    known = {"late_successes": {SMALL.name: 3}}
    cells = [summary_row(w)["late_successes"] for w in with_late_successes(windows, known)]
    assert cells == [3, None]
    assert with_late_successes(windows, {"unanswered": True})[0] == replace(windows[0])
