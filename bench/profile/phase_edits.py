"""Rate, callers and times put into the phases of a document, where there is one phase to mean."""

from __future__ import annotations

from typing import Any

from bench.profile.refusal import Refusal
from bench.schema.paths import quoted

PhaseTable = dict[str, Any]
WARM_UP = "warm-up"
STEADY = "steady"


def set_shape(document: dict[str, Any], key: str, value: Any) -> tuple[str, ...]:
    """Give the measured phase a rate, or callers, in place of the shape that it has.

    The two cannot stand in one run: a warm-up of the other kind takes it over.
    """
    measured, warm_ups = _parted(document)
    phase = _single(document, measured, key, value)
    _reshape(phase, key, value)
    for warm_up in warm_ups:
        if ("callers" in warm_up) != (key == "callers") or not _shape_of(warm_up):
            _reshape(warm_up, key, value if key == "callers" else _start_of(value))
    load = document.get("load")
    if isinstance(load, dict) and key != "callers":
        load.pop("callers", None)
        load.pop("think", None)
    elif isinstance(load, dict):
        load.pop("callers", None)
    return tuple(_path(document, one, key) for one in (phase, *warm_ups) if key in one)


def set_duration(document: dict[str, Any], value: str) -> tuple[str, ...]:
    """Let the measured phase last so long."""
    measured, _ = _parted(document)
    phase = _single(document, measured, "duration", value)
    phase["duration"] = value
    return (_path(document, phase, "duration"),)


def set_warm_up(document: dict[str, Any], value: str) -> tuple[str, ...]:
    """Let the warm-up last so long; without one, put one before the measured phase. 0: none."""
    measured, warm_ups = _parted(document)
    if len(warm_ups) > 1:
        _single(document, warm_ups, "duration", value)
    phases: list[PhaseTable] = document.setdefault("phase", [])
    if value.strip() in ("0", "0s"):
        phases[:] = [phase for phase in phases if phase not in warm_ups]
        return ("phase",)
    if warm_ups:
        warm_ups[0]["duration"] = value
        return (_path(document, warm_ups[0], "duration"),)
    phase = _single(document, measured, "duration", value)
    shape = {key: _start_of(phase[key]) for key in _shape_of(phase) if key in ("rate", "callers")}
    if not shape and "callers" not in document.get("load", {}):
        raise Refusal(
            "needs a rate or callers for it: say which, as `--rate 20/s`, or leave it out"
        )
    phases.insert(0, {"name": WARM_UP, **shape, "duration": value, "measured": False})
    return ("phase[0].duration",)


def _parted(document: dict[str, Any]) -> tuple[list[PhaseTable], list[PhaseTable]]:
    """The phases that are measured, and those that are not."""
    phases = document.get("phase", [])
    if not isinstance(phases, list) or not all(isinstance(phase, dict) for phase in phases):
        raise Refusal("needs [[phase]], which is no array of tables in this profile")
    if "capacity" in document:
        raise Refusal(
            "is of a phase, and this profile searches for a capacity: see `lamload help profiles`"
        )
    measured = [phase for phase in phases if phase.get("measured", True) is not False]
    return measured, [phase for phase in phases if phase not in measured]


def _single(document: dict[str, Any], phases: list[PhaseTable], key: str, value: Any) -> PhaseTable:
    if len(phases) == 1:
        return phases[0]
    if not phases:
        raise Refusal("needs a phase that is measured, and this profile has none")
    every: list[PhaseTable] = document["phase"]
    names = [str(phase.get("name") or every.index(phase)) for phase in phases]
    raise Refusal(
        f"could be of any of the phases {', '.join(names)}",
        "--set",
        f"phase.{quoted(names[0])}.{key}={value}",
    )


def _reshape(phase: PhaseTable, key: str, value: Any) -> None:
    for name in _shape_of(phase):
        del phase[name]
    phase[key] = value


def _shape_of(phase: PhaseTable) -> list[str]:
    from bench.shapes.registry import SHAPE_KEYS

    return [key.name for key in SHAPE_KEYS if key.name in phase]


def _start_of(value: Any) -> Any:
    """Of a ramp `5/s..50/s` or `1..10` its beginning, with its unit."""
    if not isinstance(value, str) or ".." not in value:
        return value
    start, _, end = value.partition("..")
    unit = end.partition("/")[2]
    return start.strip() if "/" in start or not unit else f"{start.strip()}/{unit}"


def _path(document: dict[str, Any], phase: PhaseTable, key: str) -> str:
    index = next(i for i, one in enumerate(document["phase"]) if one is phase)
    return f"phase[{index}].{key}"
