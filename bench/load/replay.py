"""The operator's commands of a recorded run, to be given again. Pure: lines of events.jsonl in.

A command is an event with the instant of its effect, `at_ns`, in nanoseconds since the run's start.
Given again for that same instant, with the same profile, it makes the same segments to the
nanosecond, and so the same arrivals. What can't be so is refused before anything is sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bench.errors import UsageError
from bench.load.live_plan import LivePlan
from bench.model.live import COMMAND_EVENT
from bench.model.load import Command, CommandKind
from bench.model.profile import Profile
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.plan import make_plan
from bench.units import MAX_DURATION_NS, shown

ENDING = (CommandKind.DRAIN, CommandKind.ABORT)
MAX_FACTOR = 1e9
REPLAY_LEAD_NS = 250 * NS_PER_MS
"""How much ahead of its effect a command is given again: more than a busy view holds things up."""


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """A command and when it took effect, in nanoseconds since its run's start."""

    command: Command
    at_ns: int
    place: str = ""
    """Where it stands, such as `runs/x/events.jsonl: line 3`."""

    @property
    def due_ns(self) -> int:
        """When to give it: an abort at its instant, any other so early that all workers know."""
        is_abort = self.command.kind is CommandKind.ABORT
        return self.at_ns if is_abort else self.at_ns - REPLAY_LEAD_NS

    @property
    def words(self) -> str:
        """`rate-factor 1.5 at 12.3 s`."""
        rated = self.command.kind is CommandKind.RATE_FACTOR
        value = f" {self.command.value:g}" if rated else ""
        return f"{self.command.kind.value}{value} at {self.at_ns / NS_PER_S:.4g} s"


@dataclass(frozen=True, slots=True)
class Recording:
    """All commands of a run, in the order in which they are given again."""

    source: str = ""
    commands: tuple[RecordedCommand, ...] = ()


def recording_of(text: str, source: str) -> Recording:
    """The commands in the text of an events.jsonl. source names it.

    Raises UsageError for a line that is no event, a command that is none, or no command at all.
    """
    lines = [(f"{source}: line {i}", line) for i, line in enumerate(text.split("\n"), 1)]
    events = [(place, _object(place, line)) for place, line in lines if line.strip()]
    commands = [_command(place, raw) for place, raw in events if raw["kind"] == COMMAND_EVENT]
    if not commands:
        raise UsageError(f"{source}: has no command of an operator's: there is nothing to replay")
    return Recording(source, tuple(sorted(commands, key=lambda command: command.due_ns)))


def check_recording(recording: Recording, profile: Profile) -> None:
    """Raises UsageError if a command would find no load to change, or the run would never end.

    Ending a run that has only answers to wait for is no mistake: whoever recorded it did the same.
    """
    steering = LivePlan(make_plan(profile))
    for recorded in recording.commands:
        if recorded.command.kind in ENDING:
            steering.end(recorded.at_ns)
        else:
            _check_load(recorded, steering, profile)
            steering.apply(recorded.command, recorded.at_ns)
    if steering.held and profile.stop.after_ns is None:
        hold = [c for c in recording.commands if c.command.kind is CommandKind.HOLD][-1]
        raise UsageError(
            f"{hold.place}: {hold.words} is followed by no resume, drain or abort: "
            "the run would never end"
        )


def _check_load(recorded: RecordedCommand, steering: LivePlan, profile: Profile) -> None:
    """Raises UsageError if there is no load that this command could change."""
    if profile.capacity is not None:
        raise UsageError(
            f"{recorded.place}: {recorded.words}: a search for capacity sets its own rate; "
            "replay into a profile with phases"
        )
    if not steering.is_loaded(recorded.at_ns):
        raise UsageError(
            f"{recorded.place}: {recorded.words} comes when the load has ended; "
            "replay with the profile.toml of the run that it was recorded in"
        )


def _object(place: str, line: str) -> dict[str, Any]:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError(f"{place} is not JSON") from None
    if not isinstance(raw, dict) or not {"t_ns", "kind", "text"} <= raw.keys():
        raise UsageError(f"{place} is not an event: it must be an object with t_ns, kind and text")
    return raw


def _command(place: str, raw: dict[str, Any]) -> RecordedCommand:
    try:
        kind = CommandKind(raw["text"])
    except ValueError:
        known = ", ".join(CommandKind)
        raise UsageError(
            f"{place}: there is no command {shown(raw['text'])}; there are {known}"
        ) from None
    fields = raw.get("fields", {})
    if not isinstance(fields, dict):
        raise UsageError(f"{place}: fields must be an object")
    return RecordedCommand(
        Command(kind, _factor(place, fields) if kind is CommandKind.RATE_FACTOR else 1.0),
        _instant(place, fields.get("at_ns", raw["t_ns"])),
        place,
    )


def _factor(place: str, fields: dict[str, Any]) -> float:
    value: Any = fields.get("value")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= MAX_FACTOR:  # so of nan, too
        raise UsageError(f"{place}: value must be a factor above 0 (it is {shown(value)})")
    return float(value)


def _instant(place: str, at_ns: Any) -> int:
    is_whole = isinstance(at_ns, int) and not isinstance(at_ns, bool)
    if not is_whole or not 0 <= at_ns <= MAX_DURATION_NS:
        raise UsageError(
            f"{place}: at_ns must be whole nanoseconds, at least 0, at most 30 days "
            f"(it is {shown(at_ns)})"
        )
    return int(at_ns)


def manifest_entry(recording: Recording) -> dict[str, Any]:
    """What manifest.json says of the commands that are given again; nothing where none are."""
    if not recording.commands:
        return {}
    commands = [
        {"kind": c.command.kind.value, "value": c.command.value, "at_ns": c.at_ns}
        for c in recording.commands
    ]
    return {"replayed": {"from": recording.source, "commands": commands}}
