"""A few of the faults of `python -m tests.cluster`, on machines whose clocks are hours apart."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.faults import FAULTS
from tests.cluster.machines import Clocks, cluster
from tests.cluster.network import is_possible
from tests.cluster.trial import try_fault

pytestmark = pytest.mark.skipif(
    not is_possible(), reason="needs network and time namespaces: root, iproute2, util-linux"
)
HOUR_S = 3600
DRIFT_PPM = 200.0 if shutil.which("cc") else 0.0


def test_two_machines_hours_apart_and_one_that_dies(tmp_path: Path) -> None:
    clocks = (Clocks(3 * HOUR_S, DRIFT_PPM), Clocks(7 * HOUR_S, -DRIFT_PPM))
    with cluster(tmp_path, clocks) as made:
        whole = try_fault(made, "none", replace(FAULTS["none"], load_s=4), 0)
        dies = try_fault(made, "node-killed", replace(FAULTS["node-killed"], load_s=5), 0)
    assert (whole.wrong, dies.wrong) == ([], [])
    assert whole.folder is not None
    nodes = json.loads((whole.folder / "manifest.json").read_text("utf-8"))["fleet"]["nodes"]
    for node, own in zip(sorted(nodes, key=lambda node: node["name"]), clocks, strict=True):
        clock = node["clock"]
        ahead_ms = (clock["offset_ns"] - own.ahead_s * 1_000_000_000) / 1e6
        assert abs(ahead_ms) < 60
        assert clock["drift_low_ppm"] <= own.drift_ppm <= clock["drift_high_ppm"]
