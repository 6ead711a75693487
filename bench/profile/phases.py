"""How the load comes: [load] and [[phase]]."""

from __future__ import annotations

from bench.model.profile import LoadSpec, Order, Phase
from bench.model.shape import Shape
from bench.profile.load import LOAD, MAX_SEGMENTS
from bench.profile.phase_keys import MEASURED, NAME, ONCE
from bench.schema.key import values
from bench.schema.table import Table
from bench.shapes.callers import CALLERS, callers_of_load
from bench.shapes.kind import ShapeKind
from bench.shapes.ramp import RAMP
from bench.shapes.registry import SHAPE_KEYS, SHAPES


def read_load(table: Table) -> LoadSpec:
    """What the [load] table asks for; its mistakes are noted in it."""
    return LoadSpec(**values(table, LOAD))


def read_phases(root: Table, load_table: Table, load: LoadSpec) -> list[Phase]:
    """The phases, each with its shape; mistakes between them are noted too."""
    tables = root.tables("phase")
    phases = [_phase(table, index, load) for index, table in enumerate(tables)]
    _check_names(tables, phases)
    if not phases and "capacity" not in root:
        root.fault(
            "phase", 'is missing: add [[phase]] with rate = "10/s" and duration = "30s", measured'
        )
    elif phases and not any(phase.measured for phase in phases):
        root.fault("phase", "is never measured: leave out measured = false in one of them")
    elif phases and not any(
        phase.measured and (phase.shape.sends or _is_misread(table))
        for table, phase in zip(tables, phases, strict=True)
    ):
        root.fault("phase", "sends nothing while it is measured: give one a rate above 0")
    _check_loops(root, tables, phases, load_table)
    return phases


def _is_misread(table: Table) -> bool:
    """Whether the phase's load is a mistake that is noted already."""
    return any(table.is_noted(key.name) for key in SHAPE_KEYS)


def _phase(table: Table, index: int, load: LoadSpec) -> Phase:
    given = _given(table)
    _check_keys(table, given)
    measured, once = MEASURED.read(table), ONCE.read(table)
    if measured and once:
        table.fault("once", "is for a warm-up: set measured = false beside it")
    return Phase(
        name=NAME.read(table, default=f"phase {index + 1}"),
        shape=_shape(table, given, load),
        measured=measured,
        once=once,
    )


def _given(table: Table) -> list[ShapeKind]:
    """The kinds of shapes that a table asks for; it should be one."""
    return [kind for kind in SHAPES if kind.name in table]


def _shape(table: Table, given: list[ShapeKind], load: LoadSpec) -> Shape:
    """What the table asks for, or what [load] does where the table leaves it open."""
    for other in given[1:]:
        table.fault(other.name, f"cannot stand beside {given[0].name}: keep one of them")
    if given:
        return given[0].read(table)
    if load.callers is not None:
        return callers_of_load(table, load.callers)
    table.fault("rate", 'is missing: give a rate such as "10/s", or callers for a closed loop')
    return RAMP.read(table)


def _check_keys(table: Table, given: list[ShapeKind]) -> None:
    """Note keys of shapes that the table does not ask for."""
    for key in SHAPE_KEYS:
        owners = [kind for kind in SHAPES if kind.has(key.name)]
        if key.name in table and given and not any(owner in given for owner in owners):
            names = " or ".join(owner.name for owner in owners)
            table.fault(key.name, f"is for a phase with {names}")


def _check_names(tables: list[Table], phases: list[Phase]) -> None:
    seen: dict[str, str] = {}
    for table, phase in zip(tables, phases, strict=False):
        if phase.name in seen:
            table.fault("name", f'repeats "{phase.name}", the name of {seen[phase.name]}')
        seen.setdefault(phase.name, table.path)


def _check_loops(root: Table, tables: list[Table], phases: list[Phase], load_table: Table) -> None:
    """A run is either an open loop or a closed one: their response times differ in meaning."""
    kinds = [(table, given[0]) for table in tables if (given := _given(table))]
    first_open = next((table for table, kind in kinds if kind is not CALLERS), None)
    first_closed = next((table for table, kind in kinds if kind is CALLERS), None)
    if first_open is not None and "callers" in load_table:
        *others, last = (kind.name for kind in SHAPES if kind is not CALLERS)
        open_loops = f"{', '.join(others)} or {last}"
        load_table.fault("callers", f"cannot stand beside a {open_loops} ({first_open.path})")
    elif first_open is not None and first_closed is not None:
        first_closed.fault(
            "callers",
            f"cannot stand in one run with the open loop of {first_open.path}: "
            "make two profiles of them",
        )
    for key in ("callers", "think"):
        if key in load_table and not phases and "capacity" in root:
            load_table.fault(key, "is for a closed loop, and a search for capacity is an open one")
    if "think" in load_table and phases and not any(p.shape.is_closed for p in phases):
        load_table.fault("think", "is for a closed loop: set callers, or leave it out")


def check_segments(root: Table, phases: list[Phase], load: LoadSpec, variants: int) -> None:
    """Note a plan with more pieces than a recorded row can number."""
    turns = 1 if load.order is Order.TOGETHER else variants
    rounds = ((1 if phase.once else load.rounds, phase) for phase in phases)
    segments = turns * sum(count * len(phase.shape.pieces()) for count, phase in rounds)
    if segments > MAX_SEGMENTS:
        root.fault(
            "load.rounds",
            f"makes {segments} pieces of load of it, at most {MAX_SEGMENTS} can be: lower it",
        )
