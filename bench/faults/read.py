"""Faults read from tables such as a profile, a file or the control port gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.faults.fault import Fault, FaultWindow, Scope
from bench.faults.kinds import KINDS, MAX_S, Always, Effect, FaultAction, FaultDecision, FaultKind
from bench.model.times import NS_PER_S
from bench.schema.key import Key, ListKey, TableKey, values
from bench.schema.section import Document, Section
from bench.schema.table import Table
from bench.schema.values import choice, number, one_of, text, whole

_NAMES = 'a name or a list of them; `"*"` is all'
KIND = Key(
    "kind",
    "what it does",
    choice(FaultKind),
    None,
    missing=f"choose one of {', '.join(FaultKind)}",
)
DOOR = ListKey("door", f"endpoints: {_NAMES}", text, cell="all")
FUNCTION = ListKey("function", f"functions: {_NAMES}", text, cell="all")
QUALIFIER = ListKey("qualifier", f"versions and aliases: {_NAMES}", text, cell="all")
PROBABILITY = Key("probability", "of each request, 0 to 1", number(0, 1), 1.0)
START_S = Key("start_s", "when it begins, in seconds", number(0, MAX_S), 0.0)
DURATION_S = Key("duration_s", "how long it lasts", number(0, MAX_S), None, cell="for ever")
EVERY_S = Key("every_s", "how often it comes again", number(0.001, MAX_S), None)
SEED = Key(
    "seed",
    "of its draws: the same requests in the same order meet the same faults",
    whole(-(2**63), 2**63 - 1),
    1,
    cell="its number in the list",
)
COMMON = (KIND, DOOR, FUNCTION, QUALIFIER, PROBABILITY, START_S, DURATION_S, EVERY_S, SEED)
"""Keys of every kind of fault."""
_PATH = "target.faults"
FORMS = {
    kind: Section(
        _PATH,
        (replace(KIND, value=one_of([kind])), *COMMON[1:], *facts.keys),
        many=True,
        called=f"a fault of kind {kind.value}",
        place=f"to a fault of kind {kind.value}",
    )
    for kind, facts in KINDS.items()
}
FAULT = Section(
    _PATH,
    (*COMMON, *(key for facts in KINDS.values() for key in facts.keys)),
    many=True,
    forms=tuple(FORMS.values()),
)
"""A fault of any kind."""
FAULTS = Document("a list of faults", Section("", (TableKey("faults", "", FAULT),)))


def read_fault(table: Table, default_seed: int) -> Fault | None:
    """The fault, or None when its kind cannot be told; mistakes are noted."""
    kind = KIND.read(table)
    if kind is None:
        return None
    table.check_names(FORMS[kind])
    return Fault(
        effect=_effect(table, kind),
        scope=Scope(*(_names(table, key) for key in (DOOR, FUNCTION, QUALIFIER))),
        window=_window(table),
        probability=PROBABILITY.read(table),
        seed=SEED.read(table, default=default_seed),
    )


def _effect(table: Table, kind: FaultKind) -> Effect:
    facts = KINDS[kind]
    if facts.effect is not None:
        return facts.effect(table)
    fields: dict[str, Any] = values(table, Section(_PATH, facts.keys))
    return Always(FaultDecision(action=FaultAction(kind, **fields)))


def _names(table: Table, key: ListKey[str]) -> frozenset[str] | None:
    names = key.read(table)
    return None if not names or "*" in names else frozenset(names)


def _window(table: Table) -> FaultWindow:
    start_ns = round(START_S.read(table) * NS_PER_S)
    duration_s, every_s = DURATION_S.read(table), EVERY_S.read(table)
    if every_s is not None and duration_s is None:
        table.fault("every_s", "needs duration_s: how long the window is each time")
    elif every_s is not None and duration_s is not None and duration_s > every_s:
        table.fault("every_s", "must be at least duration_s, or the windows overlap")
    return FaultWindow(start_ns, _ns(duration_s), _ns(every_s))


def _ns(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * NS_PER_S)
