"""Ranges and densities in the cells of a table."""

from __future__ import annotations

import pytest

from bench.report.axes import Axis, log_axis
from bench.tui.palette import Tone
from bench.tui.widgets.drawn_cells import Density, Range, scale_text, shared_axis

AXIS = Axis(1.0, 100.0, logarithmic=True)


def text(drawing: Range | Density, width: int = 20, is_ascii: bool = False) -> str:
    return "".join(part for part, _ in drawing.parts(width, is_ascii))


def test_a_range_is_solid_to_p90_thin_to_p99_and_dotted_to_the_end() -> None:
    drawn = text(Range(AXIS, (1.0, 5.0, 20.0), 100.0, "●"))
    assert drawn == "●━━━━━━╾─────┄┄┄┄┄┄┄"
    assert len(drawn) == 20


def test_only_what_lies_beyond_the_last_known_quantile_is_dim() -> None:
    parts = Range(AXIS, (1.0, 5.0, 20.0), 100.0, "●").parts(20, False)
    assert [tone for _, tone in parts] == [None, Tone.DIM]


def test_a_longer_range_is_drawn_longer_by_half_a_cell() -> None:
    lengths = [text(Range(AXIS, (1.0, p90), p90, "●")).rstrip() for p90 in (5.0, 5.5, 6.1, 6.8)]
    assert len(set(lengths)) > 1
    assert lengths == sorted(lengths, key=len)


def test_a_bound_is_open_at_its_end() -> None:
    assert text(Range(AXIS, (1.0,), 50.0, "●", open=True)).rstrip().endswith("›")
    assert text(Range(AXIS, (1.0,), 50.0, "o", open=True), is_ascii=True).rstrip().endswith(">")


def test_in_ascii_there_is_nothing_but_ascii() -> None:
    assert text(Range(AXIS, (1.0, 5.0, 20.0), 100.0, "o"), is_ascii=True).isascii()
    assert text(Density((0, 1, 50, 3), (1, 0, 0, 0)), is_ascii=True).isascii()


def test_without_a_known_quantile_there_is_nothing() -> None:
    assert text(Range(AXIS, (), 5.0, "●")) == " " * 20


def test_a_density_shows_a_single_sample_beside_a_thousand() -> None:
    drawn = text(Density((1000, 0, 0, 1)), width=4)
    assert drawn[0] == "█"
    assert drawn[1:3] == "  "
    assert drawn[3] == "▁"


def test_the_second_kind_has_its_own_tone_where_it_prevails() -> None:
    parts = Density((9, 1, 0), (0, 0, 4)).parts(3, False)
    assert [(len(part), tone) for part, tone in parts] == [(2, None), (1, Tone.ACCENT)]


@pytest.mark.parametrize("width", [4, 9, 20, 31])
def test_a_density_of_any_width_keeps_all_counts_in_sight(width: int) -> None:
    drawn = text(Density((0, 0, 7, 0, 3, 0, 0, 1)), width=width)
    assert len(drawn) == width
    assert drawn.strip()


def test_the_scale_stands_above_its_places() -> None:
    axis = log_axis(1.0, 100.0, 3)
    assert scale_text(axis, 21) == "1        10       100"


def test_an_axis_around_nothing_is_none() -> None:
    assert shared_axis([], 20) is None
    assert shared_axis([0.0], 20) is None
