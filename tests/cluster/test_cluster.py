"""A few of the faults of `python -m tests.cluster`, on machines whose clocks are hours apart."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.checks import NS_PER_S, events, rows
from tests.cluster.faults import FAULTS
from tests.cluster.machines import Clocks, cluster
from tests.cluster.network import is_possible
from tests.cluster.trial import Trial, try_fault

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not is_possible(), reason="needs network and time namespaces: root, iproute2, util-linux"
    ),
]
HOUR_S = 3600
DRIFT_PPM = 200.0 if shutil.which("cc") else 0.0


def event_line(command: tuple[str, float, float]) -> str:
    kind, value, at_s = command
    at_ns = round(at_s * NS_PER_S)
    fields = {"value": value, "at_ns": at_ns}
    return json.dumps({"t_ns": at_ns, "kind": "command", "text": kind, "fields": fields}) + "\n"


def check_changes(trial: Trial) -> None:
    """All nodes heard of each change, and the target saw each at one instant."""
    assert trial.folder is not None
    told = events(trial.folder)
    changes = [event["fields"] for event in told if event["kind"] == "node-change"]
    ats_ns = sorted({change["at_ns"] for change in changes})
    assert len(ats_ns) == len(COMMANDS)
    for at_ns in ats_ns:
        assert len({one["node"] for one in changes if one["at_ns"] == at_ns}) == 2
    if any(change["late_ns"] for change in changes):
        return  # a machine without time to spare: the events say so
    sent_ns = [int(row["sent_ns"]) for row in rows(trial.folder / "attempts.csv")]
    (_, hold_ns, resume_ns), late_ns = ats_ns, 100_000_000
    assert not [at_ns for at_ns in sent_ns if hold_ns + late_ns < at_ns < resume_ns]
    assert [at_ns for at_ns in sent_ns if resume_ns <= at_ns]


COMMANDS = (("rate-factor", 2.0, 1.5), ("hold", 1.0, 3.0), ("resume", 1.0, 4.5))
"""(command, value, second of the run in which it takes effect)."""


def test_two_machines_hours_apart_that_are_steered_and_one_that_dies(tmp_path: Path) -> None:
    clocks = (Clocks(3 * HOUR_S, DRIFT_PPM), Clocks(7 * HOUR_S, -DRIFT_PPM))
    steering = tmp_path / "commands.jsonl"
    steering.write_text("".join(map(event_line, COMMANDS)), "utf-8")
    steered = replace(FAULTS["none"], load_s=5, options=("--replay", str(steering)), is_exact=False)
    with cluster(tmp_path / "cluster", clocks) as made:
        whole = try_fault(made, "none", steered, 0)
        dies = try_fault(made, "node-killed", replace(FAULTS["node-killed"], load_s=5), 0)
    assert (whole.wrong, dies.wrong) == ([], [])
    check_changes(whole)
    assert whole.folder is not None
    nodes = json.loads((whole.folder / "manifest.json").read_text("utf-8"))["fleet"]["nodes"]
    for node, own in zip(sorted(nodes, key=lambda node: node["name"]), clocks, strict=True):
        clock = node["clock"]
        ahead_ms = (clock["offset_ns"] - own.ahead_s * NS_PER_S) / 1e6
        assert abs(ahead_ms) < 60
        assert clock["drift_low_ppm"] <= own.drift_ppm <= clock["drift_high_ppm"]
