"""What is concluded from a run is made when a view shows it, and no deeper."""

from __future__ import annotations

from dataclasses import replace

from bench.stats.alike import Curves
from bench.stats.basis import Basis, Rest
from bench.stats.one_kind import ClassCurves
from bench.stats.paired import Difference
from bench.tui.analysis import EVERY, MOST_SHARE, POLLS_PER_S, Analyzer, Depth
from bench.tui.views.compare import difference_cell
from tests.tui.fakes import VARIANTS, FakeRun


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
    analyzer = Analyzer(run, lambda: 0.0)
    windows = run.snapshot().windows
    for _ in range(EVERY):
        assert analyzer.analyse(windows, None, Depth.CURVES).curves
    assert run.asked == ["curves"]
    assert analyzer.analyse(windows, None, Depth.CLASSES).class_curves
    assert run.asked == ["curves", "curves", "classes"]
    for _ in range(EVERY):
        analyzer.analyse(windows, None, Depth.CURVES)
    assert run.asked == ["curves", "curves", "classes", "curves"]


def test_an_analysis_that_takes_long_is_made_the_more_seldom() -> None:
    run = Asked()
    spent_s = iter(range(100))  # a second of CPU each
    analyzer = Analyzer(run, lambda: float(next(spent_s)))
    windows = run.snapshot().windows
    for _ in range(1 + int(POLLS_PER_S / MOST_SHARE)):
        analyzer.analyse(windows, None, Depth.CURVES)
    assert run.asked == ["curves"]
    for _ in range(2):
        analyzer.analyse(windows, None, Depth.CURVES)
    assert run.asked == ["curves", "curves"]


def test_what_was_watched_is_concluded_anew_once_nobody_can_look_again() -> None:
    run = Asked()
    run.play(30)
    analyzer, windows, base = Analyzer(run), run.snapshot().windows, VARIANTS[4].name
    live = analyzer.analyse(windows, base, Depth.CURVES, anytime=True)
    over = analyzer.analyse(windows, base, Depth.CURVES, anytime=False)
    assert run.asked == ["curves", "classes"] * 2, "some of its calls were cold"
    for name, found in live.answer.differences.items():
        later = over.answer.differences[name]
        assert found is not None
        assert later is not None
        assert found.basis.anytime
        assert not later.basis.anytime
        assert (found.p_value or 0.0) >= (later.p_value or 0.0)


def test_a_mark_tells_chance_from_what_nobody_knows() -> None:
    base = Difference(0.5, 100, -50, 250, 1_000)
    few = replace(base, low_ns=None, high_ns=None, basis=Basis(Rest.TOO_FEW))
    assert difference_cell(base).text == "~+10 %"
    assert difference_cell(few).text == "?+10 %"
    assert difference_cell(replace(base, is_distinguishable=True)).text == "+10 %"
