"""The word behind --fleet, and what is wrong with one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.load.fleets.local import LocalFleet
from bench.load.fleets.open import FleetOptions, FleetWord, fleet_opener, on_a_fleet, read_word
from tests.record.build import profile_of


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("dask://10.0.0.5:8786", FleetWord(address="tcp://10.0.0.5:8786")),
        ("tls://scheduler.example:8786", FleetWord(address="tls://scheduler.example:8786")),
        ("dask://[::1]:8786", FleetWord(address="tcp://[::1]:8786")),
        ("dask-local:4", FleetWord(processes=4)),
    ],
)
def test_a_word_names_a_cluster(word: str, meant: FleetWord) -> None:
    assert read_word(word, {}) == meant


def test_the_environment_and_a_scheduler_file_name_one_too(tmp_path: Path) -> None:
    found = read_word("dask", {"DASK_SCHEDULER_ADDRESS": "tcp://10.0.0.5:8786"})
    assert found == FleetWord(address="tcp://10.0.0.5:8786")
    file = tmp_path / "scheduler.json"
    file.write_text("{}", "utf-8")
    assert read_word(str(file), {}) == FleetWord(scheduler_file=file)


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("dask://10.0.0.5", "is no scheduler's address; name dask://HOST:8786"),
        ("dask://10.0.0.5:99999", "is no scheduler's address"),
        ("http://10.0.0.5:8786", "is no scheduler's address"),
        ("dask-local", "must say how many processes, from 1 to 64"),
        ("dask-local:0", "must say how many processes"),
        ("dask", "DASK_SCHEDULER_ADDRESS is not set"),
        ("nowhere.json", "neither an address nor a file"),
    ],
)
def test_another_word_is_refused_with_those_that_there_are(word: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_word(word, {})


def test_without_the_word_it_is_this_machine() -> None:
    assert isinstance(fleet_opener(FleetOptions(), {})(), LocalFleet)
    with pytest.raises(UsageError, match="--insecure-fleet is for the machines of a --fleet"):
        fleet_opener(FleetOptions(insecure=True), {})


@pytest.mark.parametrize(
    ("attempts", "gather", "recorded"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_a_fleet_records_no_attempts_that_nobody_is_to_gather(
    attempts: bool, gather: bool, recorded: bool
) -> None:
    profile = replace(profile_of(), record_attempts=attempts, gather_attempts=gather)
    assert on_a_fleet(profile).record_attempts is recorded


def test_nothing_loads_dask_before_a_run_asks_for_it() -> None:
    code = (
        "import sys, bench, bench.cli, bench.commands.run, bench.load.session\n"
        "import bench.load.node, bench.load.fleets.nodes\n"
        "from bench.load.fleets.open import FleetOptions, fleet_opener\n"
        "fleet_opener(FleetOptions('dask-local:2'), {})\n"
        "bench.cli.run_command(['run', '--help'])\n"
        "bench.cli.run_command(['--help'])\n"
        "print(sorted({'dask', 'distributed', 'tornado'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip() == "[]"
