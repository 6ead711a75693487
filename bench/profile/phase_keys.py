"""The keys of a stretch of load: [[phase]]. Those of its shape stand with the shapes."""

from __future__ import annotations

from bench.schema.key import Key
from bench.schema.section import Section
from bench.schema.values import flag, text
from bench.shapes.kind import DURATION
from bench.shapes.registry import SHAPE_KEYS

NAME = Key("name", "what files and `--set` call it", text, "", cell="`phase 1`, …")
MEASURED = Key("measured", "`false` for a warm-up: shown, but not in the results", flag, True)
ONCE = Key(
    "once", "`true` for a warm-up of the first round alone: later ones begin warm", flag, False
)
PHASE = Section("phase", (NAME, DURATION, *SHAPE_KEYS, MEASURED, ONCE), many=True)
