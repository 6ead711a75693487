"""The views, in the order of their keys. A new one is a file beside this and a line in it.

The key, the tab, the help, the palette's entry and the pictures of the tests follow from here.
"""

from __future__ import annotations

from bench.tui.views.base import View
from bench.tui.views.cold import ColdView
from bench.tui.views.compare import CompareView
from bench.tui.views.cost import CostView
from bench.tui.views.errors import ErrorsView
from bench.tui.views.history import HistoryView
from bench.tui.views.latency import LatencyView
from bench.tui.views.load import LoadView
from bench.tui.views.log import LogView
from bench.tui.views.retries import RetriesView

VIEWS: tuple[type[View], ...] = (
    CompareView,
    LatencyView,
    LoadView,
    ErrorsView,
    ColdView,
    CostView,
    LogView,
    HistoryView,
    RetriesView,
)
"""The key of each is its place, from 1 to 9."""
