from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.model.live import WorkerHealth
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import Arrivals, CapacitySpec, Scheduling
from bench.model.result import Distribution, Measure, Quantile, Sample, Tally, Window
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.arrival_test import GapFit
from bench.record.evidence import Classes, Evidence, HealthHistory, exhaustion, refused_caller
from bench.record.validity import Judgement, judge
from bench.stats.quantiles import Curve
from tests.record.build import LARGE, SMALL, profile_of

PROFILE = profile_of()


def times(ms: float, count: int = 2000, out_of_range: int = 0) -> Distribution:
    value_ns = round(ms * NS_PER_MS)
    quantiles = tuple(Quantile(q, value_ns, True) for q in (0.5, 0.9, 0.99))
    return Distribution(
        count, value_ns, value_ns, value_ns, out_of_range=out_of_range, quantiles=quantiles
    )


def outcomes(**by_name: int) -> tuple[int, ...]:
    return tuple(by_name.get(outcome.name.lower(), 0) for outcome in Outcome)


GOOD = Window(
    variant=SMALL,
    duration_s=100.0,
    tally=Tally(offered=2000, outcomes=outcomes(ok=2000), attempts=2000),
    planned_rps=20.0,
    achieved_rps=20.0,
    goodput_rps=20.0,
    measures={
        Measure.RESPONSE: times(50.0),
        Measure.ATTEMPT: times(49.5),
        Measure.SEND_LAG: times(0.5),
    },
)


def with_lag(
    lag_ms: float, response_ms: float = 50.0, connect: Distribution | None = None
) -> Window:
    measures = {
        **GOOD.measures,
        Measure.RESPONSE: times(response_ms),
        Measure.SEND_LAG: times(lag_ms),
    }
    if connect is not None:
        measures[Measure.CONNECT] = connect
    return replace(GOOD, measures=measures)


def with_tally(**changes: object) -> Window:
    return replace(GOOD, tally=replace(GOOD.tally, **changes))  # type: ignore[arg-type]


def judged(*windows: Window, evidence: Evidence | None = None) -> Judgement:
    return judge(PROFILE, windows, evidence or Evidence())


def texts(judgement: Judgement) -> str:
    return "\n".join(reason.text for reason in judgement.reasons)


def health(cpu: float, busy: int, reports: int, waits: int = 0) -> HealthHistory:
    history = HealthHistory()
    for i in range(reports):
        share = cpu if i < busy else 0.2
        history.add(WorkerHealth(0, True, share, 50.0, 10, 10, 5, 10 + waits))
    return history


def test_a_quiet_run_is_valid() -> None:
    judgement = judged(GOOD)
    assert (judgement.verdict, judgement.reasons) == (Verdict.VALID, ())
    assert judgement.windows[0].verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("lag_ms", "response_ms", "verdict"),
    [
        (0.9, 1.0, Verdict.VALID),  # less than the floor
        (4.0, 50.0, Verdict.VALID),
        (6.0, 50.0, Verdict.SUSPECT),
        (30.0, 50.0, Verdict.INVALID),
    ],
)
def test_send_lag_is_held_against_what_it_distorts(
    lag_ms: float, response_ms: float, verdict: Verdict
) -> None:
    judgement = judged(with_lag(lag_ms, response_ms))
    assert judgement.verdict is verdict
    if verdict is not Verdict.VALID:
        assert "the generator is the bottleneck" in texts(judgement)
        assert all(reason.generator for reason in judgement.reasons)


def test_lag_that_opening_connections_explains_is_not_the_generators() -> None:
    assert judged(with_lag(30.0, connect=times(29.5))).verdict is Verdict.VALID
    assert judged(with_lag(30.0, connect=times(29.5, count=3))).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    ("dropped", "verdict"), [(0, Verdict.VALID), (5, Verdict.SUSPECT), (100, Verdict.INVALID)]
)
def test_drops_are_doubtful_and_many_are_invalid(dropped: int, verdict: Verdict) -> None:
    window = with_tally(dropped=dropped, outcomes=outcomes(ok=2000 - dropped))
    assert judged(window).verdict is verdict


def test_a_capacity_search_drops_on_purpose() -> None:
    search = replace(PROFILE, capacity=CapacitySpec(1.0, 100.0, NS_PER_MS))
    window = with_tally(dropped=500, outcomes=outcomes(ok=1500))
    assert judge(search, [window], Evidence()).verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("offered", "verdict"),
    [
        (2000 - 178, Verdict.VALID),  # four standard deviations of Poisson(2000)
        (2000 - 178 - 40, Verdict.SUSPECT),
        (2000 - 178 - 140, Verdict.INVALID),
    ],
)
def test_missing_arrivals_beyond_chance_are_the_generators(offered: int, verdict: Verdict) -> None:
    window = with_tally(offered=offered, outcomes=outcomes(ok=offered))
    assert judged(window).verdict is verdict


def test_even_arrivals_leave_nothing_to_chance() -> None:
    window = with_tally(offered=1950, outcomes=outcomes(ok=1950))
    assert judged(window).verdict is Verdict.VALID
    even = profile_of(arrivals=Arrivals.EVEN)
    assert judge(even, [window], Evidence()).verdict is Verdict.SUSPECT


def test_the_newest_second_of_a_running_run_may_be_incomplete() -> None:
    window = replace(with_tally(offered=30, outcomes=outcomes(ok=30)), duration_s=2.0)
    even = profile_of(arrivals=Arrivals.EVEN)
    assert judge(even, [window], Evidence(running=True)).verdict is Verdict.VALID
    assert judge(even, [window], Evidence()).verdict is Verdict.INVALID


def test_a_variant_of_which_nothing_succeeded_is_invalid_and_so_is_the_run() -> None:
    dead = replace(with_tally(outcomes=outcomes(connect_error=1990, timeout=10)), variant=LARGE)
    judgement = judged(GOOD, dead)
    assert judgement.verdict is Verdict.INVALID
    assert [w.verdict for w in judgement.windows] == [Verdict.VALID, Verdict.INVALID]
    assert "none of 2,000 invocations succeeded, mostly connect error" in texts(judgement)
    assert judgement.reasons[0].variant == LARGE.name


def test_failures_alone_do_not_speak_against_the_measurement() -> None:
    window = with_tally(outcomes=outcomes(ok=200, server_error=1800))
    assert judged(window).verdict is Verdict.VALID


def test_a_few_failures_at_the_start_are_not_yet_hopeless() -> None:
    window = with_tally(offered=2000, in_flight=1995, outcomes=outcomes(server_error=5))
    assert judged(window, evidence=Evidence(running=True)).verdict is Verdict.VALID


def test_invocations_that_never_ended_are_missing_from_the_times() -> None:
    few = with_tally(in_flight=3, outcomes=outcomes(ok=1997))
    many = with_tally(in_flight=300, outcomes=outcomes(ok=1700))
    assert judged(few).verdict is Verdict.SUSPECT
    assert judged(many).verdict is Verdict.INVALID
    assert judged(many, evidence=Evidence(running=True)).verdict is Verdict.VALID


def test_a_dead_worker_makes_the_run_invalid() -> None:
    judgement = judged(GOOD, evidence=Evidence(lost_workers=frozenset({1})))
    assert judgement.verdict is Verdict.INVALID
    assert "worker 1 died" in texts(judgement)


def test_a_worker_that_was_ended_since_it_said_nothing_is_told_as_such() -> None:
    words = {1: "did not answer for 5 s"}
    evidence = Evidence(lost_workers=frozenset({1, 2}), lost_words=words)
    told = texts(judged(GOOD, evidence=evidence))
    assert "worker 1 did not answer for 5 s: its share" in told
    assert "worker 2 died: its share" in told


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"stood_still_ms": 2250.0}, "the embedded Lambda stood still for 2.2 s"),
        ({"unanswered": True}, "did not say at the end what it could not bear"),
    ],
)
def test_a_target_of_ours_that_did_not_run_is_doubtful(
    target: dict[str, object], words: str
) -> None:
    judgement = judged(GOOD, evidence=Evidence(target=target))
    assert judgement.verdict is Verdict.SUSPECT
    assert words in texts(judgement)


def test_an_interrupted_run_is_partial() -> None:
    assert judged(GOOD, evidence=Evidence(interrupted=True)).verdict is Verdict.SUSPECT


def test_a_run_that_sent_nothing_is_invalid() -> None:
    empty = Window(SMALL, 0.0, Tally(), 0.0, 0.0, 0.0, {})
    assert judged(empty).verdict is Verdict.INVALID
    assert judged(empty, evidence=Evidence(running=True)).verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("cpu", "busy", "verdict"),
    [(0.95, 11, Verdict.SUSPECT), (0.95, 10, Verdict.VALID), (0.85, 100, Verdict.VALID)],
)
def test_a_worker_without_room_is_doubtful(cpu: float, busy: int, verdict: Verdict) -> None:
    assert judged(GOOD, evidence=Evidence(health=health(cpu, busy, 100))).verdict is verdict


def test_attempts_that_wait_for_a_connection_are_doubtful() -> None:
    assert (
        judged(GOOD, evidence=Evidence(health=health(0.1, 0, 9, waits=20))).verdict is Verdict.VALID
    )
    judgement = judged(GOOD, evidence=Evidence(health=health(0.1, 0, 9, waits=21)))
    assert judgement.verdict is Verdict.SUSPECT


def test_a_saturated_host_is_doubtful() -> None:
    size = {"saturated": True, "uncorrected_wait_ms": 900.0, "waited_share": 0.2}
    target = {"host": {"saturated": True, "by_memory_mb": {str(SMALL.memory_mb): size}}}
    judgement = judged(GOOD, evidence=Evidence(target=target))
    assert judgement.verdict is Verdict.SUSPECT
    assert "the host is saturated" in texts(judgement)
    assert "20% of their time" in texts(judgement)
    assert judgement.reasons[0].variant == SMALL.name
    size["waited_share"] = 0.3
    judgement = judged(GOOD, evidence=Evidence(target=target))
    assert judgement.verdict is judgement.windows[0].verdict is Verdict.INVALID
    others = {"host": {"saturated": True, "by_memory_mb": {"1": size}}}
    assert judged(GOOD, evidence=Evidence(target=others)).verdict is Verdict.VALID


def test_what_a_variants_own_function_waited_is_its_own_doubt() -> None:
    waited = {"saturated": True, "uncorrected_wait_ms": 900.0, "waited_share": 0.2}
    same_size = {"by_memory_mb": {str(SMALL.memory_mb): waited}}
    host = same_size | {"by_variant": {SMALL.name: waited}}
    judgement = judged(GOOD, evidence=Evidence(target={"host": host}))
    assert judgement.verdict is Verdict.SUSPECT
    host = same_size | {"by_variant": {"another": waited}}
    judgement = judged(GOOD, evidence=Evidence(target={"host": host}))
    assert judgement.verdict is Verdict.VALID


def test_a_reason_of_the_whole_run_counts_for_each_of_its_rows() -> None:
    judgement = judged(GOOD, evidence=Evidence(lost_workers=frozenset({1})))
    assert judgement.verdict is judgement.windows[0].verdict is Verdict.INVALID


def test_a_host_without_room_is_doubtful() -> None:
    refused = judged(GOOD, evidence=Evidence(target={"host": {"refused_for_room": 4}}))
    assert "no room for another sandbox" in texts(refused)


def test_gaps_that_are_not_exponential_are_doubtful_where_they_can_be_seen() -> None:
    unlikely = {SMALL.name: GapFit(1e-9, 50.0 * NS_PER_MS)}
    assert judged(GOOD, evidence=Evidence(gaps=unlikely)).verdict is Verdict.SUSPECT
    blurred = {SMALL.name: GapFit(1e-9, 5.0 * NS_PER_MS)}
    assert judged(GOOD, evidence=Evidence(gaps=blurred)).verdict is Verdict.VALID
    likely = {SMALL.name: GapFit(0.3, 50.0 * NS_PER_MS)}
    assert judged(GOOD, evidence=Evidence(gaps=likely)).verdict is Verdict.VALID


def test_values_out_of_range_are_told() -> None:
    measures = {**GOOD.measures, Measure.RESPONSE: times(50.0, out_of_range=3)}
    judgement = judged(replace(GOOD, measures=measures))
    assert "3 values of response lie beyond 15 minutes" in texts(judgement)


def test_the_worst_comes_first() -> None:
    judgement = judged(
        with_lag(6.0), evidence=Evidence(interrupted=True, lost_workers=frozenset({0}))
    )
    severities = [reason.verdict.severity for reason in judgement.reasons]
    assert severities == sorted(severities, reverse=True)
    assert len(severities) == 3


def test_a_machine_without_ports_or_descriptors_left_makes_a_run_invalid() -> None:
    what = exhaustion("Cannot assign requested address")
    assert what is not None
    judged = judge(PROFILE, [GOOD], Evidence(exhausted={GOOD.variant.name: what}))
    assert judged.verdict is Verdict.INVALID
    assert "ran out of ephemeral ports" in judged.reasons[0].text
    assert exhaustion("[Errno 24] Too many open files") is not None
    assert exhaustion("Connection refused") is None


def test_an_address_that_takes_no_connections_is_named() -> None:
    history = HealthHistory()
    dead = "192.0.2.1:443: no answer within 5000 ms"
    for worker in range(2):
        history.add(WorkerHealth(worker, True, 0.2, 50.0, 1, 1, 0, unreachable=(dead,)))
    judgement = judged(GOOD, evidence=Evidence(health=history))
    assert judgement.verdict is Verdict.SUSPECT
    assert texts(judgement).count(dead) == 1
    for worker in range(2):
        history.add(WorkerHealth(worker, True, 0.2, 50.0, 1, 1, 0))
    assert judged(GOOD, evidence=Evidence(health=history)).verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("turned_away", "verdict"), [(1, Verdict.SUSPECT), (200, Verdict.INVALID), (2000, None)]
)
def test_who_is_turned_away_for_credentials_of_its_own_has_measured_nothing(
    turned_away: int, verdict: Verdict | None
) -> None:
    counts = outcomes(ok=2000 - turned_away, client_error=turned_away)
    refused = {GOOD.variant.name: "ExpiredTokenException"}
    judgement = judged(with_tally(outcomes=counts), evidence=Evidence(refused=refused))
    assert judgement.verdict is (verdict or Verdict.INVALID)
    [reason] = [reason for reason in judgement.reasons if reason.generator]
    assert "this client's own credentials (ExpiredTokenException)" in reason.text
    assert f"{turned_away:,} of 2,000" in reason.text


@pytest.mark.parametrize(
    ("outcome", "detail", "code"),
    [
        (
            Outcome.CLIENT_ERROR,
            "HTTP 403: ExpiredTokenException: The security token included in the request is"
            " expired",
            "ExpiredTokenException",
        ),
        (
            Outcome.CLIENT_ERROR,
            "exit code 254: An error occurred (UnrecognizedClientException) when calling Invoke",
            "UnrecognizedClientException",
        ),
        (Outcome.CLIENT_ERROR, "HTTP 404: ResourceNotFoundException: no such function", None),
        (Outcome.FUNCTION_ERROR, "AccessDenied: of the function's own calls", None),
    ],
)
def test_a_refusal_of_the_caller_is_known_by_its_code(
    outcome: Outcome, detail: str, code: str | None
) -> None:
    assert refused_caller(Sample(0, "invoke-128MB", outcome, 403, 1, "", detail)) == code


@pytest.mark.parametrize(("unreached", "verdict"), [(1100, Verdict.SUSPECT), (900, Verdict.VALID)])
def test_a_target_that_went_away_makes_a_run_suspect(unreached: int, verdict: Verdict) -> None:
    counts = outcomes(ok=2000 - unreached, connect_error=unreached)
    lost = replace(GOOD, tally=Tally(offered=2000, outcomes=counts, attempts=2000))
    judged = judge(PROFILE, [lost], Evidence())
    assert judged.verdict is verdict
    if unreached > 1000:
        assert "1,100 of 2,000 invocations found no connection" in judged.reasons[0].text


def reports(*own: tuple[float | None, float]) -> Evidence:
    """Reports of a worker: (share of the time that it waited for a core, seconds it came late)."""
    history = HealthHistory()
    for wait, late_s in own:
        still_ns = round(late_s * NS_PER_S)
        history.add(
            WorkerHealth(
                *(0, True, 0.2, 50.0, 9, 9, 5),
                core_wait=wait,
                span_ns=NS_PER_S // 4 + still_ns,
                still_ns=still_ns,
            )
        )
    return Evidence(history)


@pytest.mark.parametrize(
    ("wait", "verdict"),
    [
        (None, Verdict.VALID),  # the system does not tell
        (0.04, Verdict.VALID),
        (0.15, Verdict.SUSPECT),
        (0.6, Verdict.INVALID),
    ],
)
def test_a_worker_that_waits_for_a_core_is_told_of(wait: float | None, verdict: Verdict) -> None:
    judgement = judged(GOOD, evidence=reports(*[(wait, 0.0)] * 32))
    assert judgement.verdict is verdict
    if wait is not None and verdict is not Verdict.VALID:
        assert f"worker 0 waited {wait:.0%} of the time for a core" in texts(judgement)
        assert all(reason.generator for reason in judgement.reasons)


def test_what_a_worker_waited_is_weighed_by_how_long_each_report_tells_of() -> None:
    quick = reports((0.9, 0.0), *[(0.0, 0.0)] * 12)
    assert judged(GOOD, evidence=quick).verdict is Verdict.VALID
    slow = reports((0.9, 2.0), *[(0.0, 0.0)] * 12)
    assert "waited 39% of the time for a core" in texts(judged(GOOD, evidence=slow))


@pytest.mark.parametrize(
    ("late_s", "verdict"),
    [
        (0.05, Verdict.VALID),  # a burst, a collection of garbage
        (0.2, Verdict.SUSPECT),
        (2.0, Verdict.INVALID),
    ],
)
def test_a_worker_that_stood_still_is_told_of(late_s: float, verdict: Verdict) -> None:
    evidence = reports((0.0, late_s), *[(0.0, 0.0)] * 24)
    judgement = judged(GOOD, evidence=evidence)
    assert judgement.verdict is verdict
    assert (f"once for {late_s:.1f} s" in texts(judgement)) == (verdict is not Verdict.VALID)


@pytest.mark.parametrize(
    ("lag_ms", "attempt_ms", "verdict"),
    [
        (0.9, 1.0, Verdict.VALID),
        (4.0, 50.0, Verdict.VALID),
        (6.0, 50.0, Verdict.SUSPECT),
        (30.0, 50.0, Verdict.INVALID),
    ],
)
def test_answers_that_lay_unread_are_told_of(
    lag_ms: float, attempt_ms: float, verdict: Verdict
) -> None:
    measures = {
        **GOOD.measures,
        Measure.ATTEMPT: times(attempt_ms),
        Measure.READ_LAG: times(lag_ms),
    }
    judgement = judged(replace(GOOD, measures=measures))
    assert judgement.verdict is verdict
    assert ("read lag p99" in texts(judgement)) == (verdict is not Verdict.VALID)


def lags(*each: tuple[float, int]) -> Curve:
    """So many arrivals with each lag, in ms."""
    values = np.array([round(ms * NS_PER_MS) for ms, _ in each])
    counts = np.array([count for _, count in each])
    return Curve(values, counts, np.zeros_like(counts))


@pytest.mark.parametrize(
    ("late", "count", "verdict"),
    [
        (2, 60, Verdict.VALID),  # few enough to be chance
        (3, 60, Verdict.SUSPECT),
        (15, 60, Verdict.INVALID),
        (9, 1000, Verdict.VALID),
        (11, 1000, Verdict.SUSPECT),
    ],
)
def test_late_arrivals_are_counted_however_few_there_are(
    late: int, count: int, verdict: Verdict
) -> None:
    """Of 60 arrivals no quantile above the median is known."""
    curve = lags((0.2, count - late), (900.0, late))
    judgement = judged(GOOD, evidence=Evidence(send_lags={GOOD.variant.name: curve}))
    assert judgement.verdict is verdict
    limit = "5.00" if late >= 10 else "25.00"
    said = f"{late} of {count:,} arrivals left more than {limit} ms late" in texts(judgement)
    assert said == (verdict is not Verdict.VALID)


@pytest.mark.parametrize(
    ("lag_ms", "late", "verdict"),
    [(8.0, 7, Verdict.VALID), (8.0, 12, Verdict.SUSPECT), (30.0, 7, Verdict.SUSPECT)],
)
def test_a_few_that_are_a_little_late_move_no_figure(
    lag_ms: float, late: int, verdict: Verdict
) -> None:
    """The median response time is 50 ms, and no quantile above the ninth decile is known."""
    curve = lags((0.2, 140 - late), (lag_ms, late))
    judgement = judged(GOOD, evidence=Evidence(send_lags={GOOD.variant.name: curve}))
    assert judgement.verdict is verdict


def test_who_opened_a_connection_is_not_late() -> None:
    window = with_lag(0.5, connect=times(700.0, count=15))
    curve = lags((0.2, 45), (900.0, 15))
    judgement = judged(window, evidence=Evidence(send_lags={window.variant.name: curve}))
    assert judgement.verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("lag_ms", "response_ms", "verdict"),
    [
        (90.0, 95.0, Verdict.VALID),  # as others' programs make it
        (400.0, 900.0, Verdict.VALID),
        (400.0, 410.0, Verdict.SUSPECT),
    ],
)
def test_the_worst_lag_may_not_be_the_longest_response(
    lag_ms: float, response_ms: float, verdict: Verdict
) -> None:
    measures = {
        **GOOD.measures,
        Measure.RESPONSE: replace(times(50.0), max_ns=round(response_ms * NS_PER_MS)),
        Measure.SEND_LAG: replace(times(0.5), max_ns=round(lag_ms * NS_PER_MS)),
    }
    evidence = Evidence(send_lags={GOOD.variant.name: lags((0.2, 1999), (lag_ms, 1))})
    judgement = judged(replace(GOOD, measures=measures), evidence=evidence)
    assert judgement.verdict is verdict
    assert ("an arrival left 400 ms late" in texts(judgement)) == (verdict is Verdict.SUSPECT)


REMEDY = "sudo prlimit --pid $$ --rtprio=1"
ASKED_IN_VAIN = Classes((Scheduling.REALTIME, Scheduling.NORMAL), REMEDY)


@pytest.mark.parametrize(
    ("lag_ms", "classes", "says"),
    [
        (0.7, ASKED_IN_VAIN, True),
        (0.2, ASKED_IN_VAIN, False),  # nobody would notice
        (0.7, Classes((Scheduling.REALTIME,)), False),
        (0.7, Classes((Scheduling.NORMAL,)), False),  # nothing was asked for
    ],
)
def test_who_was_late_for_want_of_a_class_hears_what_grants_it(
    lag_ms: float, classes: Classes, says: bool
) -> None:
    judgement = judged(with_lag(lag_ms), evidence=Evidence(classes=classes))
    assert judgement.verdict is Verdict.VALID
    said = "2 workers, 1 of them real-time, and send lag p99 is 0.70 ms: a real-time class would"
    assert texts(judgement) == (f"{said} help, granted by {REMEDY}" if says else "")


def test_a_starved_worker_is_named_with_its_class() -> None:
    evidence = replace(reports((0.15, 0.0)), classes=Classes((Scheduling.REALTIME,)))
    assert "other programs have it (1 worker, real-time)" in texts(judged(GOOD, evidence=evidence))


def test_a_lag_that_is_known_of_a_sample_says_of_how_many() -> None:
    measures = {**GOOD.measures, Measure.READ_LAG: times(6.0, count=120)}
    said = texts(judged(replace(GOOD, measures=measures)))
    assert "read lag p99 is 6.00 ms (known of 1 in 17 answers), 12% of the attempt time" in said
