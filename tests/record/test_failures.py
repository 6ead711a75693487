"""Why calls failed, from a run's counts and events."""

from __future__ import annotations

from dataclasses import replace

from bench.model.live import FAILURE_EVENT, RunEvent
from bench.model.outcome import Outcome
from bench.model.result import Tally
from bench.record.failures import failures, like, reason_words
from tests.record.test_validity import GOOD


def noted(variant: str, outcome: str, detail: str, request_id: str = "") -> RunEvent:
    fields = {"status": 502, "attempt": 1, "request_id": request_id, "detail": detail}
    return RunEvent(7, FAILURE_EVENT, f"{variant}: {outcome}", fields)


def test_each_kind_has_its_count_and_its_first_reasons() -> None:
    window = GOOD
    outcomes = [0] * len(Outcome)
    outcomes[Outcome.OK], outcomes[Outcome.FUNCTION_ERROR], outcomes[Outcome.TIMEOUT] = 9, 4, 1
    tally = Tally(offered=14, outcomes=tuple(outcomes), attempts=14)
    name = window.variant.name
    events = [
        noted(name, "function error", "ValueError: no", "id-1"),
        noted(name, "function error", "KeyError: n", "id-2"),
        noted(name, "throttled", "Rate Exceeded."),
        noted(name, "nonsense", "?"),
        RunEvent(1, "end", "VALID: finished", {}),
    ]
    function, throttled, timeout = failures([replace(window, tally=tally)], events)
    assert (function.outcome, function.count) == (Outcome.FUNCTION_ERROR, 4)
    assert [reason_words(reason) for reason in function.reasons] == [
        "502: ValueError: no (request id-1)",
        "502: KeyError: n (request id-2)",
    ]
    assert (throttled.outcome, throttled.count) == (Outcome.THROTTLED, 0)
    assert (timeout.count, timeout.reasons) == (1, ())
    assert (function.count_words, throttled.count_words) == ("4", "unmeasured")
    _, throttled, _ = failures([replace(window, tally=replace(tally, attempts=15))], events)
    assert throttled.count_words == "retried"


def test_ids_and_numbers_make_no_reason_another_one() -> None:
    one = "RequestId: 8f1c0c1e-77aa-4b53-9b0e-2f1a0c1e77aa Error: timed out after 3.00 seconds"
    other = "RequestId: 11110c1e-77aa-4b53-9b0e-2f1a0c1e7000 Error: timed out after 3.01 seconds"
    assert like(one) == like(other) != like("Error: no")
