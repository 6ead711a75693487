"""What holds for the shapes of every kind that is registered; a new kind is in it by itself."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tomllib
from itertools import count, islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model.profile import Phase
from bench.model.shape import Shape
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.profile.phase_keys import PHASE
from bench.schema.section import Document
from bench.schema.table import Reading
from bench.schema.toml import write_toml
from bench.shapes.kind import ShapeKind
from bench.shapes.registry import SHAPES
from tests.shapes.strategies import shapes_by_kind

SHAPES_OF = shapes_by_kind()
every_kind = pytest.mark.parametrize("kind", SHAPES, ids=[kind.name for kind in SHAPES])
somewhere = st.floats(0, 1, exclude_max=True)


def even(shape: Shape, shift: float = 0.0) -> list[int]:
    """The instants of all of its arrivals."""
    return list(shape.offsets_ns(islice(count(shift), shape.even_count(shift))))


def cut(shape: Shape, share: float) -> int:
    """An offset within it, at neither end."""
    return 1 + int(share * (shape.duration_ns - 1))


def divisible(shape: Shape) -> bool:
    return shape.duration_ns > 1


@every_kind
@given(data=st.data(), share=somewhere)
def test_as_many_are_planned_before_an_arrival_as_have_come(
    kind: ShapeKind, data: st.DataObject, share: float
) -> None:
    shape = data.draw(SHAPES_OF[kind])
    h = share * shape.expected
    if h == shape.expected:
        assert shape.inverse_ns(h) == shape.duration_ns
        return
    at_ns = shape.inverse_ns(h)
    assert 0 <= at_ns <= shape.duration_ns
    if shape.has_rate:
        assert shape.cumulative(at_ns) == pytest.approx(h, rel=1e-9, abs=1e-9)
    else:
        assert shape.cumulative(at_ns) <= h < shape.cumulative(at_ns + 1)


@every_kind
@given(data=st.data(), share=somewhere)
def test_what_is_planned_is_the_integral_of_the_rate(
    kind: ShapeKind, data: st.DataObject, share: float
) -> None:
    shape = data.draw(SHAPES_OF[kind])
    if not shape.has_rate:
        mean = shape.rate_rps(share * shape.duration_ns) * shape.duration_ns / NS_PER_S
        assert mean == pytest.approx(shape.expected)
        return
    assert shape.expected == pytest.approx(sum(piece.expected for piece in shape.pieces()))
    for piece in shape.pieces():
        width_ns = min(piece.duration_ns // 64, NS_PER_MS)  # steep ones are short: a part of them
        start_ns = share * (piece.duration_ns - width_ns)
        a, middle, b = (piece.rate_rps(start_ns + part * width_ns) for part in (0, 0.5, 1))
        width_s = width_ns / NS_PER_S
        simpson = (a + 4 * middle + b) / 6 * width_s
        near = 1e-6 * piece.peak_rps * width_s  # the rule is as exact where the rate is next to 0
        assert piece.planned(start_ns, start_ns + width_ns) == pytest.approx(simpson, abs=near)


@every_kind
@given(data=st.data(), share=somewhere)
def test_parts_do_what_the_whole_does(kind: ShapeKind, data: st.DataObject, share: float) -> None:
    shape = data.draw(SHAPES_OF[kind].filter(divisible))
    at_ns, end_ns = cut(shape, share), shape.duration_ns
    first, rest = shape.part(0, at_ns), shape.part(at_ns, end_ns)
    assert (first.duration_ns, rest.duration_ns) == (at_ns, end_ns - at_ns)
    assert first.expected == pytest.approx(shape.planned(0, at_ns), rel=1e-9, abs=1e-9)
    assert rest.expected == pytest.approx(shape.planned(at_ns, end_ns), rel=1e-9, abs=1e-9)
    assert first.expected + rest.expected == pytest.approx(shape.expected, rel=1e-9, abs=1e-9)
    if not shape.has_rate:
        assert even(first) + [at_ns + offset_ns for offset_ns in even(rest)] == even(shape)
    for part in (0.1, 0.5, 0.9):
        offset_ns = int(part * rest.duration_ns)
        assert abs(rest.callers_at(offset_ns) - shape.callers_at(at_ns + offset_ns)) <= 1
        if shape.has_rate:
            rate = shape.rate_rps(at_ns + offset_ns)
            assert rest.rate_rps(offset_ns) == pytest.approx(rate, rel=1e-6, abs=1e-6)


@every_kind
@given(data=st.data(), one=somewhere, other=somewhere)
def test_a_part_of_a_part_is_a_part_of_the_whole(
    kind: ShapeKind, data: st.DataObject, one: float, other: float
) -> None:
    shape = data.draw(SHAPES_OF[kind].filter(divisible))
    rest = shape.part(cut(shape, one), shape.duration_ns)
    if not divisible(rest):
        return
    at_ns = cut(rest, other)
    twice = rest.part(at_ns, rest.duration_ns)
    once = shape.part(cut(shape, one) + at_ns, shape.duration_ns)
    assert twice.duration_ns == once.duration_ns
    assert twice.expected == pytest.approx(once.expected, rel=1e-6, abs=1e-6)
    assert abs(twice.most_callers - once.most_callers) <= 1


@every_kind
@given(data=st.data(), factor=st.floats(0.1, 10), share=somewhere)
def test_so_many_times_the_load(
    kind: ShapeKind, data: st.DataObject, factor: float, share: float
) -> None:
    shape = data.draw(SHAPES_OF[kind])
    scaled = shape.scaled(factor)
    assert shape.scaled(1.0) == shape
    assert (scaled.duration_ns, scaled.sends) == (shape.duration_ns, shape.sends)
    if shape.has_rate:
        at_ns = share * shape.duration_ns
        assert scaled.rate_rps(at_ns) == pytest.approx(factor * shape.rate_rps(at_ns))
        assert scaled.expected == pytest.approx(factor * shape.expected)
    else:
        assert set(even(scaled)) == set(even(shape)), "bursts grow, instants stay"
        assert scaled.most_callers == pytest.approx(factor * shape.most_callers, abs=0.9)


@every_kind
@given(data=st.data(), share=somewhere)
def test_no_rate_is_above_the_peak(kind: ShapeKind, data: st.DataObject, share: float) -> None:
    shape = data.draw(SHAPES_OF[kind])
    assert shape.rate_rps(share * shape.duration_ns) <= shape.peak_rps * (1 + 1e-12)
    assert shape.peak_rps >= shape.expected / shape.duration_ns * NS_PER_S * (1 - 1e-9)
    assert shape.callers_at(int(share * shape.duration_ns)) <= shape.most_callers


@every_kind
@given(data=st.data(), share=somewhere, width=st.floats(0, 1.5))
def test_no_window_has_more_than_the_most(
    kind: ShapeKind, data: st.DataObject, share: float, width: float
) -> None:
    shape = data.draw(SHAPES_OF[kind])
    window_ns = 1 + int(width * shape.duration_ns)
    most = shape.most_within(window_ns)
    if window_ns >= shape.duration_ns:
        assert most == pytest.approx(shape.expected)
    start_ns = share * max(0, shape.duration_ns - window_ns)
    end_ns = min(start_ns + window_ns, shape.duration_ns)
    assert shape.planned(start_ns, end_ns) <= most * (1 + 1e-9) + 1e-9


@every_kind
@given(data=st.data(), shift=somewhere)
def test_arrivals_come_in_order_within_the_stretch_as_many_as_are_counted(
    kind: ShapeKind, data: st.DataObject, shift: float
) -> None:
    shape = data.draw(SHAPES_OF[kind])
    offsets = even(shape, shift)
    assert len(offsets) == shape.even_count(shift)
    assert all(0 <= offset_ns < shape.duration_ns for offset_ns in offsets)
    assert all(a <= b for a, b in pairwise(offsets))
    assert offsets == even(shape, shift), "again the same"


@every_kind
@given(data=st.data())
def test_callers_stay_until_the_next_change(kind: ShapeKind, data: st.DataObject) -> None:
    shape = data.draw(SHAPES_OF[kind])
    t_ns, callers = 0, shape.callers_at(0)
    while (change_ns := shape.next_change_ns(t_ns)) is not None:
        assert t_ns < change_ns < shape.duration_ns
        assert shape.callers_at(change_ns - 1) == callers
        assert shape.callers_at(change_ns) != callers
        t_ns, callers = change_ns, shape.callers_at(change_ns)
    assert shape.callers_at(shape.duration_ns - 1) == callers


@every_kind
@given(data=st.data())
def test_pieces_follow_one_another_through_the_whole(kind: ShapeKind, data: st.DataObject) -> None:
    shape = data.draw(SHAPES_OF[kind])
    pieces = shape.pieces()
    assert sum(piece.duration_ns for piece in pieces) == shape.duration_ns
    assert all(piece.pieces() == (piece,) for piece in pieces)
    assert max(piece.peak_rps for piece in pieces) == shape.peak_rps
    assert {piece.is_closed for piece in pieces} == {shape.is_closed}


@every_kind
@given(data=st.data())
def test_what_a_profile_says_of_it_reads_back(kind: ShapeKind, data: st.DataObject) -> None:
    phase = Phase("p", data.draw(SHAPES_OF[kind]))
    reading = Reading(Document("a phase", PHASE))
    table = reading.root(tomllib.loads(write_toml(PHASE.written(phase))))
    assert kind.read(table) == phase.shape
    assert not reading.problems
    assert set(phase.shape.key_values()) <= {key.name for key in kind.keys}


@every_kind
@given(data=st.data())
def test_workers_get_it_as_it_is(kind: ShapeKind, data: st.DataObject) -> None:
    shape = data.draw(SHAPES_OF[kind])
    assert pickle.loads(pickle.dumps(shape)) == shape
    assert not hasattr(shape, "__dict__"), "a slotted dataclass"
    assert hash(shape) == hash(pickle.loads(pickle.dumps(shape))), "a frozen one"


def test_no_shape_makes_a_worker_load_numpy() -> None:
    code = "import sys, bench.shapes.registry; sys.exit('numpy' in sys.modules)"
    root = Path(__file__).parent.parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
