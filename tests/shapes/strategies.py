"""Shapes to try things with. Each kind's own stand in the test of its module, as SHAPES."""

from __future__ import annotations

from importlib import import_module

from hypothesis import strategies as st

from bench.model.shape import Shape
from bench.model.times import NS_PER_S
from bench.shapes.kind import ShapeKind
from bench.shapes.registry import SHAPES

durations_ns = st.integers(1, 20 * NS_PER_S)
rates = st.floats(1e-6, 50) | st.sampled_from([0.0, 1 / 3600, 3.0, 100 / 60])
"""Per second: few enough for all arrivals to be counted."""


def shapes_by_kind() -> dict[ShapeKind, st.SearchStrategy[Shape]]:
    """What `tests.shapes.test_NAME` has as SHAPES for each kind that a `bench.shapes.NAME` brings.

    To be called while tests are collected: importing a module of tests within one is refused.
    """
    return {kind: _shapes_of(kind.read.__module__.rpartition(".")[2]) for kind in SHAPES}


def _shapes_of(name: str) -> st.SearchStrategy[Shape]:
    shapes: st.SearchStrategy[Shape] = import_module(f"tests.shapes.test_{name}").SHAPES
    return shapes
