"""The proof kit in its short form: what a scripted target did is what was measured."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.cli import run_command
from bench.errors import ExitCode, LamloadError
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Variant
from bench.model.result import Distribution, Measure, Quantile, Tally, Window
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.measures import ABSENT, Series, Values, values_of
from bench.selftest.kit import Proof, Served, compared, named, prove
from bench.selftest.script import SCRIPTS
from bench.selftest.truth import Exchange
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


def served(late_ms: float = 0.0, asked_late_ms: float = 0.0, write_ms: float = 0.01) -> Served:
    """What a target did that answered each request so much later than after 5 ms.

    asked_late_ms: how late all requests but the first came.
    """
    exchanges = []
    for i in range(1000):
        asked_ns = round((5 * i + (asked_late_ms if i else 0)) * NS_PER_MS)
        began_ns = asked_ns + round((5 + late_ms) * NS_PER_MS)
        exchanges.append(Exchange(i, asked_ns, began_ns, began_ns + round(write_ms * NS_PER_MS)))
    return Served({"answer": 1000}, tuple(exchanges))


def proof_of(
    window: Window, did: Served | None = None, ok: int = 1000, busy: tuple[str, ...] = ()
) -> Proof:
    attempts = dict.fromkeys(Outcome, 0) | {Outcome.OK: ok}
    scheduled_ns = [t_s * NS_PER_S for t_s in CONSTANT.arrivals_s()]
    rows = tuple(compared(CONSTANT, window, attempts, did or served(), scheduled_ns))
    return Proof(CONSTANT, rows, busy=busy)


@pytest.mark.parametrize(
    ("attempt_ms", "verdict"),
    [(5.29, Verdict.VALID), (4.71, Verdict.VALID), (5.5, Verdict.SUSPECT), (4.6, Verdict.SUSPECT)],
)
def test_a_quantile_may_be_off_by_the_goal_and_no_more(attempt_ms: float, verdict: Verdict) -> None:
    assert proof_of(measured(attempt_ms)).verdict is verdict


def test_what_a_target_answered_late_is_the_truth_and_no_error() -> None:
    late = served(late_ms=3)
    assert proof_of(measured(8.0), late).verdict is Verdict.VALID
    assert proof_of(measured(5.0), late).verdict is Verdict.SUSPECT
    assert proof_of(measured(9.79), late).verdict is Verdict.SUSPECT


def test_what_left_late_is_in_the_response_time_and_not_in_the_attempt_time() -> None:
    proof = proof_of(measured(5.0, lag_ms=2.0), served(asked_late_ms=2))
    good = {row.what: row.good for row in proof.comparisons if row.is_time}
    assert not good["response p99"]
    assert good["attempt p99"]
    assert proof.verdict is Verdict.SUSPECT


def test_a_busy_machine_proves_nothing_and_says_why() -> None:
    busy = ("other programs had 1.9 of 2 cores",)
    for window in (measured(5.0), measured(9.79)):
        proof = proof_of(window, busy=busy)
        assert (proof.verdict, proof.too_busy) == (Verdict.INVALID, busy[0])


def test_a_target_that_does_not_know_what_it_did_proves_nothing() -> None:
    proof = proof_of(measured(5.0), served(write_ms=0.4))
    assert proof.verdict is Verdict.INVALID
    assert proof.too_busy.startswith("the target does not know when it answered: response p50")
    proof = proof_of(measured(30.0), served(late_ms=25))
    assert proof.verdict is Verdict.INVALID
    assert "did not keep to its script: its response p50 was +25 ms off" in proof.too_busy


def test_no_machine_is_so_busy_that_it_miscounts() -> None:
    assert proof_of(measured(5.0), ok=999, busy=("busy",)).verdict is Verdict.SUSPECT


@pytest.mark.parametrize("off_ns", [NS_PER_MS, -NS_PER_MS])
async def test_a_fault_in_the_measuring_itself_is_never_called_right(
    monkeypatch: pytest.MonkeyPatch, off_ns: int
) -> None:
    """A millisecond is put into, or taken from, every attempt between worker and totals."""

    def shifted(rows: NDArray[np.void]) -> Values:
        values = values_of(rows)
        attempts = values[Series.ATTEMPT]
        attempts[attempts != ABSENT] += off_ns
        return values

    monkeypatch.setattr("bench.record.reduction.values_of", shifted)
    proof = await prove(replace(CONSTANT, duration_s=1.0))
    told = {row.what: row for row in proof.comparisons}
    assert not told["attempt p50"].good
    assert told["attempt p50"].error == pytest.approx(off_ns, abs=NS_PER_MS // 2)
    assert proof.verdict is not Verdict.VALID


def test_the_distance_of_gaps_is_that_of_kolmogorov_and_smirnov() -> None:
    ranks = (np.arange(1000) + 0.5) / 1000
    assert ks_distance(-np.log1p(-ranks)) == pytest.approx(0.0005)
    assert ks_distance(np.ones(10)) == pytest.approx(1 - np.exp(-1))
    assert ks_distance(np.array([])) == 0.0


def test_the_command_tells_one_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def prove_without_a_target(_case: object) -> Proof:
        return proof_of(measured(9.79), busy=("other programs had 2.0 of 2 cores",))

    monkeypatch.setattr("bench.selftest.kit.prove", prove_without_a_target)
    assert run_command(["selftest", "constant", "--json"]) == ExitCode.INVALID
    told = json.loads(capsys.readouterr().out)
    assert (told["good"], told["cases"][0]["case"]) == (False, "constant")
    assert told["cases"][0]["too_busy"] == "other programs had 2.0 of 2 cores"
    assert told["cases"][0]["rows"][0]["unit"] == "ns"
