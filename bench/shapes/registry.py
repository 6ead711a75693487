"""All kinds of shapes. A new one is a file of its own and a line here."""

from __future__ import annotations

from bench.shapes.burst import BURST
from bench.shapes.callers import CALLERS
from bench.shapes.kind import ShapeKind
from bench.shapes.ramp import RAMP
from bench.shapes.recorded import RECORDED
from bench.shapes.scheduled import SCHEDULED
from bench.shapes.wave import WAVE

SHAPES: tuple[ShapeKind, ...] = (RAMP, CALLERS, BURST, RECORDED, WAVE, SCHEDULED)
"""A phase has one of them."""
SHAPE_KEYS = tuple(dict.fromkeys(key for kind in SHAPES for key in kind.keys))
"""Every key of theirs in [[phase]], once each."""
