"""What is concluded from a run is made when a view shows it, and no deeper."""

from __future__ import annotations

from bench.tui.analysis import EVERY, Analyzer, Depth
from bench.tui.source import ClassCurves, Curves
from tests.tui.fakes import FakeRun


class Asked(FakeRun):
    """Notes what was asked of it."""

    def __init__(self) -> None:
        super().__init__(5)
        self.asked: list[str] = []

    def curves(self) -> Curves:
        self.asked.append("curves")
        return super().curves()

    def class_curves(self) -> ClassCurves:
        self.asked.append("classes")
        return super().class_curves()


def test_a_view_without_curves_asks_for_none() -> None:
    run = Asked()
    analyzer = Analyzer(run)
    for _ in range(3 * EVERY):
        analyzer.analyse(run.snapshot().windows, None, Depth.NONE)
    assert run.asked == []


def test_a_deeper_view_has_its_curves_at_once_and_a_flat_one_at_the_slow_pace() -> None:
    run = Asked()
    analyzer = Analyzer(run)
    windows = run.snapshot().windows
    for _ in range(EVERY):
        assert analyzer.analyse(windows, None, Depth.CURVES).curves
    assert run.asked == ["curves"]
    assert analyzer.analyse(windows, None, Depth.CLASSES).class_curves
    assert run.asked == ["curves", "curves", "classes"]
    for _ in range(EVERY):
        analyzer.analyse(windows, None, Depth.CURVES)
    assert run.asked == ["curves", "curves", "classes", "curves"]
