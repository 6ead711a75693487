"""How the load comes: [load] and [[phase]]."""

from __future__ import annotations

from pathlib import Path

from bench.model.profile import LoadSpec, Order, Phase
from bench.profile.events import existing_file
from bench.profile.load import LOAD, MAX_SEGMENTS
from bench.profile.recorded_arrivals import read_replay, replay_duration_ns
from bench.schema.key import values
from bench.schema.quantities import span
from bench.schema.table import Table
from bench.schema.values import flag, positive, text, whole
from bench.units import MAX_CALLERS, read_callers, read_rates_rps

KINDS = ("rate", "callers", "burst", "replay")
"""A phase has one of them."""


def read_load(table: Table) -> LoadSpec:
    """The [load] table."""
    return LoadSpec(**values(table, LOAD))


def read_phases(root: Table, load_table: Table, load: LoadSpec, base_dir: Path) -> list[Phase]:
    """The phases, each with its kind of load; mistakes between them are noted too."""
    tables = root.tables("phase")
    phases = [_phase(table, index, load, base_dir) for index, table in enumerate(tables)]
    _check_names(tables, phases)
    if not phases and "capacity" not in root:
        root.fault(
            "phase", 'is missing: add [[phase]] with rate = "10/s" and duration = "30s", measured'
        )
    elif phases and not any(phase.measured for phase in phases):
        root.fault("phase", "is never measured: leave out measured = false in one of them")
    elif phases and not any(
        phase.measured and (sends(phase) or _is_misread(table))
        for table, phase in zip(tables, phases, strict=True)
    ):
        root.fault("phase", "sends nothing while it is measured: give one a rate above 0")
    _check_loops(root, tables, phases, load_table)
    return phases


def sends(phase: Phase) -> bool:
    """Whether the phase makes arrivals at all."""
    return bool(
        phase.start_rps or phase.end_rps or phase.end_callers or phase.burst or phase.replay
    ) or bool(phase.start_callers)


def _is_misread(table: Table) -> bool:
    """Whether the phase's kind of load is a mistake that is noted already."""
    noted = {problem.key for problem in table.problems}
    return "replay" in table or any(table.key_path(kind) in noted for kind in KINDS)


def _phase(table: Table, index: int, load: LoadSpec, base_dir: Path) -> Phase:
    kinds = [kind for kind in KINDS if kind in table]
    for kind in kinds[1:]:
        table.fault(kind, f"cannot stand beside {kinds[0]}: keep one of them")
    if not kinds and load.callers is None:
        table.fault("rate", 'is missing: give a rate such as "10/s", or callers for a closed loop')
    rates = table.read("rate", read_rates_rps, (0.0, 0.0))
    fallback = (load.callers, load.callers) if not kinds else (None, None)
    callers = table.read("callers", read_callers, fallback)
    replay, path = _replay(table, base_dir)
    burst = table.read("burst", whole(1, MAX_CALLERS), None)
    phase = Phase(
        name=table.read("name", text, f"phase {index + 1}"),
        duration_ns=_duration_ns(table, replay),
        start_rps=rates[0],
        end_rps=rates[1],
        measured=table.read("measured", flag, True),
        start_callers=callers[0],
        end_callers=callers[1],
        burst=burst,
        every_ns=_every_ns(table),
        replay=replay,
        steps=_steps(table, rates, callers),
        replay_path=path,
        replay_column=table.read("column", text, None) if path else None,
        replay_speed=table.read("speed", positive, 1.0) if path else 1.0,
    )
    for key in ("column", "speed"):
        if key in table and "replay" not in table:
            table.fault(key, "is for a phase with replay")
    return phase


def _duration_ns(table: Table, replay: bytes | None) -> int:
    """A replay that says nothing lasts until its last arrival; anything else must say."""
    default = replay_duration_ns(replay) if replay else 0
    missing = None if "replay" in table else 'say how long, such as "30s"'
    return table.read("duration", span, default, missing=missing)


def _every_ns(table: Table) -> int:
    if "every" in table and "burst" not in table:
        table.fault("every", "is for a phase with burst")
    missing = 'say how far bursts are apart, such as "10s"' if "burst" in table else None
    return table.read("every", span, 0, missing=missing)


def _replay(table: Table, base_dir: Path) -> tuple[bytes | None, str | None]:
    path = table.read("replay", existing_file(base_dir), None)
    if path is None:
        return None, None
    column = table.get("column")
    speed = table.get("speed", 1.0)
    try:
        factor = positive(speed)
    except ValueError:
        return None, path  # noted where it is read
    if not isinstance(column, str | None):
        return None, path  # likewise
    return table.read("replay", lambda _: read_replay(path, column, factor), None), path


def _steps(table: Table, rates: tuple[float, float], callers: tuple[int | None, ...]) -> int:
    steps = table.read("steps", whole(1, 10_000), 1)
    if steps > 1 and rates[0] == rates[1] and callers[0] == callers[1]:
        table.fault("steps", 'is for a ramp, such as rate = "10/s..100/s"')
    return steps


def _check_names(tables: list[Table], phases: list[Phase]) -> None:
    seen: dict[str, str] = {}
    for table, phase in zip(tables, phases, strict=False):
        if phase.name in seen:
            table.fault("name", f'repeats "{phase.name}", the name of {seen[phase.name]}')
        seen.setdefault(phase.name, table.path)


def _check_loops(root: Table, tables: list[Table], phases: list[Phase], load_table: Table) -> None:
    """A run is either an open loop or a closed one: their response times differ in meaning."""
    is_open = [any(kind in table for kind in ("rate", "burst", "replay")) for table in tables]
    is_closed = [
        "callers" in table and not open_ for table, open_ in zip(tables, is_open, strict=True)
    ]
    if "callers" in load_table and any(is_open):
        first = tables[is_open.index(True)]
        load_table.fault("callers", f"cannot stand beside a rate, burst or replay ({first.path})")
    elif any(is_open) and any(is_closed):
        tables[is_closed.index(True)].fault(
            "callers",
            f"cannot stand in one run with the open loop of {tables[is_open.index(True)].path}: "
            "make two profiles of them",
        )
    for key in ("callers", "think"):
        if key in load_table and not phases and "capacity" in root:
            load_table.fault(key, "is for a closed loop, and a search for capacity is an open one")
    if "think" in load_table and phases and not any(p.start_callers is not None for p in phases):
        load_table.fault("think", "is for a closed loop: set callers, or leave it out")


def check_segments(root: Table, phases: list[Phase], load: LoadSpec, variants: int) -> None:
    """Note a plan with more pieces than a recorded row can number."""
    blocks = load.rounds * (1 if load.order is Order.TOGETHER else variants)
    segments = blocks * sum(phase.steps for phase in phases)
    if segments > MAX_SEGMENTS:
        root.fault(
            "load.rounds",
            f"makes {segments} pieces of load of it, at most {MAX_SEGMENTS} can be: lower it",
        )
