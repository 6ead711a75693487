"""The proof kit in its short form: what a scripted target did is what was measured."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.cli import run_command
from bench.errors import ExitCode, LamloadError
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Variant
from bench.model.result import Distribution, Measure, Quantile, Tally, Window
from bench.model.times import NS_PER_MS
from bench.selftest.kit import Proof, Served, compared, named, prove
from bench.selftest.script import SCRIPTS
from bench.stats.goodness_of_fit import ks_distance

SHORT = ("stall", "truncated", "oversized", "endless", "closed-keep-alive", "throttles")


@pytest.mark.parametrize("name", SHORT)
async def test_the_measurement_agrees_with_the_script(name: str) -> None:
    proof = await prove(named([name])[0])
    off = [row for row in proof.comparisons if not row.good]
    assert proof.verdict is not Verdict.SUSPECT, off
    assert len(proof.comparisons) >= 4


def test_every_case_has_its_script_and_an_unknown_one_is_named() -> None:
    assert {case.name for case in named([])} == set(SCRIPTS)
    with pytest.raises(LamloadError, match="there is no case 'nonsense'"):
        named(["nonsense"])


CONSTANT = named(["constant"])[0]


def measured(attempt_ms: float, lag_ms: float = 0.1) -> Window:
    """Of the case with a constant 5 ms, with the same times at every quantile."""

    def times(ms: float) -> Distribution:
        value_ns = round(ms * NS_PER_MS)
        quantiles = tuple(Quantile(q, value_ns, True) for q in (0.5, 0.9, 0.99, 0.999))
        return Distribution(1000, value_ns, value_ns, value_ns, quantiles=quantiles)

    none = (0,) * len(Outcome)
    return Window(
        variant=Variant(EndpointKind.HTTP),
        duration_s=5.0,
        tally=Tally(offered=1000, outcomes=none, attempts=1000),
        planned_rps=200.0,
        achieved_rps=200.0,
        goodput_rps=200.0,
        measures={
            Measure.RESPONSE: times(attempt_ms),
            Measure.ATTEMPT: times(attempt_ms),
            Measure.SEND_LAG: times(lag_ms),
        },
    )


def proof_of(window: Window, served: Served, ok: int = 1000) -> Proof:
    attempts = dict.fromkeys(Outcome, 0) | {Outcome.OK: ok}
    rows = tuple(compared(CONSTANT, window, attempts, served))
    return Proof(CONSTANT, rows)


ON_TIME = Served({"answer": 1000}, (50_000,) * 1000)


@pytest.mark.parametrize(
    ("attempt_ms", "verdict"),
    [(5.29, Verdict.VALID), (4.71, Verdict.VALID), (5.5, Verdict.SUSPECT)],
)
def test_a_quantile_may_be_off_by_the_goal_and_no_more(attempt_ms: float, verdict: Verdict) -> None:
    assert proof_of(measured(attempt_ms), ON_TIME).verdict is verdict


LATE = Served({"answer": 1000}, (5 * NS_PER_MS,) * 1000)


def test_an_error_that_the_target_itself_made_proves_nothing() -> None:
    proof = proof_of(measured(9.79), LATE)
    assert proof.verdict is Verdict.INVALID
    assert "by its own clock the target answered 5.00 ms late at p50" in proof.too_busy
    assert proof_of(measured(10.6), LATE).verdict is Verdict.SUSPECT
    assert proof_of(measured(5.0), LATE).verdict is Verdict.VALID


def test_of_what_left_late_the_response_time_knows_and_the_attempt_time_does_not() -> None:
    proof = proof_of(measured(7.0, lag_ms=2.0), ON_TIME)
    told = {row.what: bool(row.explained) for row in proof.comparisons if row.is_time}
    assert told["response p99"]
    assert not told["attempt p99"]


def test_no_machine_is_so_busy_that_it_miscounts() -> None:
    assert proof_of(measured(9.79), LATE, ok=999).verdict is Verdict.SUSPECT


def test_the_distance_of_gaps_is_that_of_kolmogorov_and_smirnov() -> None:
    ranks = (np.arange(1000) + 0.5) / 1000
    assert ks_distance(-np.log1p(-ranks)) == pytest.approx(0.0005)
    assert ks_distance(np.ones(10)) == pytest.approx(1 - np.exp(-1))
    assert ks_distance(np.array([])) == 0.0


def test_the_command_tells_one_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def prove_without_a_target(_case: object) -> Proof:
        return proof_of(measured(9.79), LATE)

    monkeypatch.setattr("bench.selftest.kit.prove", prove_without_a_target)
    assert run_command(["selftest", "constant", "--json"]) == ExitCode.INVALID
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], told["cases"][0]["case"]) == (False, "constant")
    assert "5.00 ms late" in told["cases"][0]["too_busy"]
    assert told["cases"][0]["rows"][0]["unit"] == "ns"
