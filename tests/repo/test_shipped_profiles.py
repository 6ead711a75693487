"""Every shipped profile loads, and with a local target it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import ExitCode
from bench.model.profile import TargetKind
from bench.plan import make_plan
from bench.profile import load_profile, resolved_toml, shipped_profiles
from bench.profile.shipped import FOLDERS

ROOT = Path(__file__).parent.parent.parent
NAMES = [path.stem for path in shipped_profiles()]
LOCAL = [name for name in NAMES if load_profile(name).target.kind is TargetKind.LOCAL]
ALWAYS = ("quickstart", "capacity", "retry-lab")
"""Those with a way of their own through the program: the rest are run with --long."""
FILES = {
    "profile.toml",
    "manifest.json",
    "summary.csv",
    "intervals.csv",
    "percentiles.csv",
    "events.jsonl",
    "histograms.hlog",
    "report.json",
}
SHORT_SEARCH = (
    "target.event={ ms = 1 }",
    "capacity.start=40/s",
    "capacity.max=40/s",
    "capacity.holds=p50 < 20ms",
    "capacity.throttle_rate=100%",
    "capacity.step=500ms",
    "capacity.settle=0s",
    "capacity.hold=1s",
)


def test_those_of_the_checkout_are_shipped() -> None:
    assert shipped_profiles()[0].parent in FOLDERS
    assert sorted(path.stem for path in (ROOT / "profiles").glob("*.toml")) == NAMES
    assert "quickstart" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_loads_with_its_question(name: str, tmp_path: Path) -> None:
    profile = load_profile(name)
    assert profile.question.partition("\n\n")[0].endswith("?")
    assert profile.name == name
    assert profile.title
    assert make_plan(profile).segments or profile.capacity
    (tmp_path / "again.toml").write_text(resolved_toml(profile), "utf-8")
    again = load_profile(tmp_path / "again.toml")
    assert replace(again, source=profile.source) == profile


def test_the_quick_start_is_what_the_readme_promises() -> None:
    profile = load_profile("quickstart")
    names = [variant.name for variant in profile.variants]
    assert names[:5] == [f"invoke-{size}MB" for size in (128, 256, 512, 1024, 1769)]
    assert names[5:] == ["alb-512MB", "alb-1769MB", "rest-512MB", "rest-1769MB"]
    assert 40 <= make_plan(profile).duration_ns / 1e9 <= 50


def shortened(name: str) -> list[str]:
    """Overrides that make a run of a second or two of it, with all variants and phases but where
    each has searches of its own."""
    profile = load_profile(name)
    settings = ["load.rounds=1"]
    if profile.capacity is not None:
        settings += SHORT_SEARCH
    if profile.capacity is not None and profile.capacity.recovers_from is not None:
        settings += ("capacity.recovers_from=stall 100ms", "capacity.within=0s")
        settings += ("variants[0].retry=none", "retries={}")
    # Callers wait for their first answer, which is a cold start, before they call again.
    duration = "300ms" if profile.load.callers is None else "1200ms"
    settings += [f"phase[{index}].duration={duration}" for index in range(len(profile.phases))]
    return settings


@pytest.mark.parametrize(
    "name",
    [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.long) for name in LOCAL],
)
def test_a_shipped_profile_with_a_local_target_runs(name: str, tmp_path: Path) -> None:
    settings = shortened(name)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench", "run", name, "--headless", "--quiet", "--json"),
            *("--allow-invalid", "--out", str(tmp_path)),
            *(argument for setting in settings for argument in ("--set", setting)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (ExitCode.OK, ExitCode.THRESHOLD), done.stderr
    rows = json.loads(done.stdout)["variants"]
    assert [row["variant"] for row in rows] == [
        v.name for v in load_profile(name, settings).variants
    ]
    outcomes = (
        *("ok", "function_error", "throttled", "server_error", "client_error", "timeout"),
        *("connect_error", "protocol_error", "rejected", "in_flight", "dropped"),
    )
    for row in rows:
        assert row["offered"] == sum(row[outcome] for outcome in outcomes)
        assert row["offered"] > 0, row
    assert any(row["ok"] > 0 for row in rows), rows
    (folder,) = tmp_path.iterdir()
    assert {path.name for path in folder.iterdir()} >= FILES
