"""What has to be true of a run's folder, of its target's log and of its machines afterwards."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.load.schedule import arrivals
from bench.model.outcome import Outcome
from bench.plan import make_plan
from bench.profile import load_profile
from tests.cluster.target import Served

NS_PER_S = 1_000_000_000
ENDED = tuple(outcome.name.lower() for outcome in Outcome)


def events(folder: Path) -> list[dict[str, Any]]:
    """Lines of events.jsonl."""
    text = (folder / "events.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def rows(path: Path) -> list[dict[str, str]]:
    """Of a CSV file, or none where there is no such file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def broken_files(folder: Path) -> Iterator[str]:
    """Files that are not whole: a line without its end, cells too few, JSON that does not parse."""
    for path in sorted(folder.iterdir()):
        text = path.read_text("utf-8")
        if path.suffix in (".csv", ".jsonl", ".hlog", ".toml") and text and text[-1] != "\n":
            yield f"{path.name} ends within a line: {text[-60:]!r}"
        try:
            if path.suffix == ".json":
                json.loads(text)
            elif path.suffix == ".jsonl":
                events(folder)
        except ValueError as error:
            yield f"{path.name}: {error}"
        if path.suffix == ".csv":
            lines = list(csv.reader(text.splitlines()))
            if any(len(line) != len(lines[0]) for line in lines):
                yield f"{path.name} has lines of another length"


def unbalanced(folder: Path) -> Iterator[str]:
    """Rows in which offered is not what ended, is in flight or was dropped."""
    for row in rows(folder / "summary.csv"):
        ended = sum(int(row[name] or 0) for name in ENDED if name in row)
        if int(row["offered"]) != ended + int(row["in_flight"]) + int(row["dropped"]):
            yield f"offered {row['offered']} != {ended} + {row['in_flight']} + {row['dropped']}"


def planned(folder: Path) -> int:
    """Arrivals of the plan, counted from its schedule."""
    profile = load_profile(folder / "profile.toml")
    return sum(
        1
        for segment in make_plan(profile).segments
        for _ in arrivals(segment, profile.load.arrivals, profile.load.seed, 0, 1)
    )


def offered(folder: Path) -> int:
    """Arrivals that the run says it was offered."""
    return sum(int(row["offered"]) for row in rows(folder / "summary.csv"))


def unmatched(folder: Path, log: list[Served], lost: set[str]) -> Iterator[str]:
    """Where attempts and the target's own log differ. lost: callers whose attempts are gone."""
    attempts = Counter(
        row["request_id"] for row in rows(folder / "attempts.csv") if row["request_id"]
    )
    twice = [name for name, number in attempts.items() if number > 1]
    if twice:
        yield f"{len(twice)} attempts stand in attempts.csv twice"
    served = {one.request_id: one.caller for one in log}
    invented = [name for name in attempts if name not in served]
    if invented:
        yield f"{len(invented)} attempts that the target has not served: {invented[:3]}"
    missing = [name for name, who in served.items() if name not in attempts and who not in lost]
    in_flight = sum(int(row["in_flight"]) for row in rows(folder / "summary.csv"))
    unanswered = sum(1 for row in rows(folder / "attempts.csv") if not row["request_id"])
    if len(missing) > in_flight + unanswered:
        yield f"{len(missing)} served requests are no attempts ({in_flight} in flight)"
