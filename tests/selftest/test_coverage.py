from __future__ import annotations

import json

import pytest

from bench.cli import run_command
from bench.errors import ExitCode
from bench.selftest.cases import Case
from bench.selftest.coverage import PROCESSES, Covered
from bench.selftest.kit import Proof


def test_the_command_counts_how_often_intervals_hold_the_truth(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def prove_nothing(case: Case) -> Proof:
        return Proof(case, ())

    monkeypatch.setattr("bench.selftest.kit.prove", prove_nothing)
    assert run_command(["selftest", "--json"]) == ExitCode.OK
    rows = json.loads(capsys.readouterr().out)["coverage"]
    assert {(row["process"], row["q"]) for row in rows} == {
        (process, q) for process in PROCESSES for q in (0.5, 0.9)
    }
    assert all(row["good"] and row["share"] > 0.85 for row in rows)


def test_intervals_of_samples_taken_as_independent_would_be_called_off() -> None:
    assert not Covered("AR(1) 0.9", 0.5, 0.5).good
    assert not Covered("AR(1) 0.9", 0.5, 0.86).good
    assert Covered("AR(1) 0.9", 0.5, 0.95).good
