"""Whole runs against a real socket: what stands in the files is what happened."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bench.errors import ExitCode, TargetError
from bench.load.fleets.local import LocalFleet
from bench.load.session import RunResult, RunSession
from bench.model.endpoint import EndpointKind
from bench.model.live import RunState
from bench.model.load import Command, CommandKind
from bench.model.outcome import Outcome, Verdict
from bench.model.profile import (
    Arrivals,
    CapacitySpec,
    LoadSpec,
    Order,
    Phase,
    Profile,
    Slo,
    StopSpec,
    Target,
    TargetKind,
    Timeouts,
    Variant,
)
from bench.model.result import Measure
from bench.model.retry import RetryPolicyName, RetrySpec
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.record.load_run import load_run
from bench.shapes.callers import Callers
from bench.shapes.ramp import constant_rate
from tests.wire.rawserver import Script, answering, raw_server, read_request, silent

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REFUSED = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"


def profile_of(url: str) -> Profile:
    return Profile(
        name="test",
        title="A test",
        question="",
        source="test",
        target=Target(TargetKind.HTTP, urls={EndpointKind.HTTP: url}),
        variants=(Variant(EndpointKind.HTTP),),
        load=LoadSpec(arrivals=Arrivals.EVEN, workers=1),
        phases=(
            Phase("warm-up", constant_rate(40, NS_PER_S // 2), measured=False),
            Phase("steady", constant_rate(40, NS_PER_S)),
        ),
        timeouts=Timeouts(first_byte_ns=2 * NS_PER_S, total_ns=2 * NS_PER_S),
    )


async def play(
    profile: Profile, root: Path, meanwhile: Callable[[RunSession], None] | None = None
) -> RunResult:
    """Run to the end; meanwhile is called once the first second has passed."""
    session = RunSession(profile, root)
    try:
        await session.prepare()
        load = asyncio.ensure_future(session.run())
        if meanwhile is not None:
            while session.snapshot().t_ns < NS_PER_S and not load.done():
                await asyncio.wait({load}, timeout=0.02)
            meanwhile(session)
        await asyncio.wait_for(load, 30)
        return await session.finish()
    finally:
        await session.close()


async def run(
    script: Script, root: Path, change: Callable[[Profile], Profile] = lambda profile: profile
) -> RunResult:
    async with raw_server(script) as url:
        return await play(change(profile_of(url)), root)


def rows_of(result: RunResult, name: str) -> list[dict[str, str]]:
    with (result.recorded.folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def events_of(result: RunResult) -> list[dict[str, object]]:
    lines = (result.recorded.folder / "events.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def check_ledger(result: RunResult) -> None:
    """offered = outcomes + in flight + dropped, in every row of both files."""
    for row in rows_of(result, "summary.csv") + rows_of(result, "intervals.csv"):
        ended = sum(int(row[outcome.name.lower()]) for outcome in Outcome)
        assert int(row["offered"]) == ended + int(row["in_flight"]) + int(row["dropped"])


async def test_a_good_run_leaves_whole_files_that_read_back(tmp_path: Path) -> None:
    result = await run(answering(OK), tmp_path)
    assert result.exit_code is ExitCode.OK
    check_ledger(result)
    summary = rows_of(result, "summary.csv")[0]
    assert (summary["offered"], summary["ok"]) == ("40", "40")
    by_phase = {row["phase"] for row in rows_of(result, "intervals.csv")}
    assert by_phase == {"warm-up", "steady"}
    again = load_run(result.recorded.folder)
    ours, theirs = again.windows[0], result.recorded.windows[0]
    assert ours.tally == theirs.tally
    assert ours.measures[Measure.RESPONSE].at(0.5) == theirs.measures[Measure.RESPONSE].at(0.5)
    assert again.verdict is Verdict.VALID


async def test_retries_are_counted_and_the_first_failures_are_told(tmp_path: Path) -> None:
    # Enough attempts: invocations that overlap may each get more than one of the refusals.
    retry = RetrySpec(RetryPolicyName.FIXED, max_attempts=20, base_ns=NS_PER_MS)
    script = answering(*[BUSY, OK] * 100)
    result = await run(script, tmp_path, lambda p: replace(p, retry=retry))
    check_ledger(result)
    tally = result.recorded.windows[0].tally
    assert tally.ok == 40
    assert tally.attempts == tally.sent + tally.retries > 40
    failures = [event for event in events_of(result) if event["kind"] == "failure"]
    assert 1 <= len(failures) <= 3


async def test_a_target_that_never_succeeds_makes_an_invalid_run(tmp_path: Path) -> None:
    result = await run(answering(BUSY), tmp_path)
    assert result.exit_code is ExitCode.INVALID
    check_ledger(result)


async def test_a_failed_threshold_has_its_exit_code(tmp_path: Path) -> None:
    slos = (Slo("impossible", "p50 < 1us"),)
    result = await run(answering(OK), tmp_path, lambda p: replace(p, slos=slos))
    assert result.exit_code is ExitCode.THRESHOLD


async def test_nobody_listening_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="nothing answers at"):
        await play(profile_of("http://127.0.0.1:1/"), tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_drain_reports_what_there_is(tmp_path: Path) -> None:
    async with raw_server(answering(OK)) as url:
        long = replace(
            profile_of(url), phases=(Phase("steady", constant_rate(40, 600 * NS_PER_S)),)
        )
        result = await play(long, tmp_path, lambda s: s.command(Command(CommandKind.DRAIN)))
    assert result.exit_code is ExitCode.INTERRUPTED
    assert result.recorded.state == RunState.INTERRUPTED.value
    check_ledger(result)
    tally = result.recorded.windows[0].tally
    assert 40 <= tally.ok == tally.offered < 80


async def test_abort_leaves_in_flight_what_was(tmp_path: Path) -> None:
    async with raw_server(silent) as url:
        long = replace(
            profile_of(url), phases=(Phase("steady", constant_rate(40, 600 * NS_PER_S)),)
        )
        result = await play(long, tmp_path, lambda s: s.command(Command(CommandKind.ABORT)))
    assert result.exit_code is ExitCode.INTERRUPTED
    check_ledger(result)
    assert result.recorded.windows[0].tally.in_flight >= 40


async def test_a_killed_worker_makes_a_partial_result_that_says_so(tmp_path: Path) -> None:
    def kill(session: RunSession) -> None:
        assert isinstance(session._fleet, LocalFleet)
        os.kill(session._fleet.pids[0], signal.SIGKILL)

    async with raw_server(answering(OK)) as url:
        long = replace(
            profile_of(url), phases=(Phase("steady", constant_rate(40, 600 * NS_PER_S)),)
        )
        result = await play(long, tmp_path, kill)
    assert result.exit_code is ExitCode.INVALID
    assert any("worker 0 died" in reason.text for reason in result.recorded.reasons)
    check_ledger(result)
    assert result.recorded.windows[0].tally.ok >= 20


async def test_a_rate_change_is_an_event_and_a_new_segment(tmp_path: Path) -> None:
    async with raw_server(answering(OK)) as url:
        longer = replace(
            profile_of(url), phases=(Phase("steady", constant_rate(40, 3 * NS_PER_S)),)
        )
        faster = Command(CommandKind.RATE_FACTOR, 3.0)
        factors = []

        def change(session: RunSession) -> None:
            factors.append(session.snapshot().rate_factor)
            session.command(faster)
            factors.append(session.snapshot().rate_factor)

        result = await play(longer, tmp_path, change)
    assert factors == [1.0, 3.0]
    events = [event for event in events_of(result) if event["kind"] == "command"]
    assert [event["text"] for event in events] == ["rate-factor"]
    check_ledger(result)
    window = result.recorded.windows[0]
    assert window.planned_rps == pytest.approx(window.tally.offered / 3, rel=0.05)
    assert 200 < window.tally.offered < 290


def at_random(answer: bytes) -> Script:
    """Serves each request in 5 to 25 ms, so that what drifts on this machine is nothing to it."""
    random = Random(7)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            await asyncio.sleep(random.uniform(0.005, 0.025))
            writer.write(answer)
            await writer.drain()

    return script


@pytest.mark.parametrize(
    ("stop", "says"),
    [
        (StopSpec(after_ns=NS_PER_S), "1 s have passed"),
        (StopSpec(invocations=30), "30 invocations have begun"),
        (StopSpec(precision=5.0, precision_q=0.5), "p50 of every variant is known"),
    ],
)
async def test_stop_rules_end_a_run_as_good(stop: StopSpec, says: str, tmp_path: Path) -> None:
    long = (Phase("steady", constant_rate(40, 600 * NS_PER_S)),)
    result = await run(at_random(OK), tmp_path, lambda p: replace(p, phases=long, stop=stop))
    assert result.exit_code is ExitCode.OK
    reasons = [str(event["text"]) for event in events_of(result) if event["kind"] == "stop"]
    assert len(reasons) == 1
    assert says in reasons[0]
    check_ledger(result)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("stop", "measured"),
    [
        (StopSpec(after_ns=1700 * NS_PER_MS), 300),  # half a second of them is a warm-up
        (StopSpec(invocations=333), 333),
    ],
)
async def test_stop_rules_are_exact(
    stop: StopSpec, measured: int, workers: int, tmp_path: Path
) -> None:
    def side_by_side(profile: Profile) -> Profile:
        warm_up = Phase("warm-up", constant_rate(125, NS_PER_S // 2), measured=False)
        return replace(
            profile,
            variants=(Variant(EndpointKind.HTTP), Variant(EndpointKind.HTTP, memory_mb=128)),
            phases=(warm_up, Phase("steady", constant_rate(125, 600 * NS_PER_S))),
            load=replace(profile.load, workers=workers, order=Order.TOGETHER),
            stop=stop,
        )

    result = await run(answering(OK), tmp_path, side_by_side)
    assert result.exit_code is ExitCode.OK
    assert result.recorded.state == RunState.FINISHED.value
    tallies = [window.tally for window in result.recorded.windows]
    assert sum(tally.ok for tally in tallies) == sum(tally.offered for tally in tallies) == measured
    assert abs(tallies[0].ok - tallies[1].ok) <= 1
    check_ledger(result)
    for window in result.recorded.windows:
        assert window.planned_rps == pytest.approx(125)
        assert window.duration_s == pytest.approx(measured / 250, abs=0.01)
    assert all(float(row["duration_s"]) > 0 for row in rows_of(result, "intervals.csv"))


async def test_callers_stop_after_as_many_invocations(tmp_path: Path) -> None:
    callers = (Phase("callers", Callers(600 * NS_PER_S, 3, 3)),)

    def change(profile: Profile) -> Profile:
        load = replace(profile.load, callers=3, workers=2)
        return replace(profile, phases=callers, load=load, stop=StopSpec(invocations=200))

    result = await run(answering(OK), tmp_path, change)
    assert result.exit_code is ExitCode.OK
    assert result.recorded.windows[0].tally.ok == result.recorded.windows[0].tally.offered == 200
    check_ledger(result)


async def test_calls_a_second_count_the_time_of_the_last_answers_too(tmp_path: Path) -> None:
    callers = (Phase("callers", Callers(600 * NS_PER_S, 50, 50)),)

    def change(profile: Profile) -> Profile:
        load = replace(profile.load, callers=50)
        return replace(profile, phases=callers, load=load, stop=StopSpec(invocations=20))

    result = await run(at_random(OK), tmp_path, change)
    window = result.recorded.windows[0]
    assert window.duration_s >= 0.005  # the least that the server takes
    assert window.achieved_rps == pytest.approx(20 / window.duration_s)
    check_ledger(result)


async def test_a_load_that_is_held_ends_when_its_time_has_passed(tmp_path: Path) -> None:
    async with raw_server(answering(OK)) as url:
        long = replace(
            profile_of(url),
            phases=(Phase("steady", constant_rate(40, 600 * NS_PER_S)),),
            stop=StopSpec(after_ns=NS_PER_S * 3 // 2),
        )
        result = await play(long, tmp_path, lambda s: s.command(Command(CommandKind.HOLD)))
    assert result.exit_code is ExitCode.OK
    assert result.recorded.windows[0].duration_s < 1.5
    assert result.recorded.windows[0].tally.ok < 60
    assert [str(e["text"]) for e in events_of(result) if e["kind"] == "stop"] == [
        "1.5 s have passed"
    ]
    check_ledger(result)


async def test_a_plan_that_ends_before_its_stop_rule_says_nothing_of_it(tmp_path: Path) -> None:
    stop = StopSpec(after_ns=NS_PER_S * 3 // 2 + NS_PER_MS, invocations=1000)
    result = await run(answering(OK), tmp_path, lambda p: replace(p, stop=stop))
    assert result.recorded.windows[0].tally.ok == 40
    assert not [event for event in events_of(result) if event["kind"] == "stop"]


async def test_a_capacity_search_finds_where_a_target_gives_way(tmp_path: Path) -> None:
    """It refuses whatever comes within 8 ms of the last request: even arrivals of 125 a second.

    How fast this machine is at the moment is not in question: a search that asks how late answers
    are finds a lower rate on a busy one, and that is the truth.
    """
    last_s = 0.0

    async def spaced(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal last_s
        while True:
            await read_request(reader)
            now_s = time.monotonic()
            writer.write(OK if now_s - last_s > 0.008 else REFUSED)
            last_s = now_s

    spec = CapacitySpec(
        start_rps=20,
        max_rps=400,
        limit_ns=50 * NS_PER_MS,
        q=0.5,
        throttle_rate=0.5,
        step_ns=NS_PER_S // 2,
        settle_ns=NS_PER_S // 4,
        hold_ns=NS_PER_S // 2,
        precision=0.5,
        narrow_ns=3 * NS_PER_S,
    )
    seen = []
    async with raw_server(spaced) as url:
        profile = replace(profile_of(url), phases=(), capacity=spec)
        result = await play(profile, tmp_path, lambda session: seen.append(session.snapshot()))
    check_ledger(result)
    assert seen[0].remaining_ns is None
    assert seen[0].phase.startswith("step 1: ")
    answers = load_run(result.recorded.folder).answers
    assert [answer.variant for answer in answers] == ["http"]
    assert " (95 %): p50 < 50 ms; " in answers[0].text
    assert answers[0].holds_rps is not None
    assert answers[0].fails_rps is not None
    assert answers[0].rate_rps is not None
    assert 10 <= answers[0].holds_rps <= answers[0].fails_rps <= 200
    assert 10 <= answers[0].rate_rps <= 120
    assert answers == result.recorded.answers


async def test_a_search_that_is_drained_says_what_it_knows(tmp_path: Path) -> None:
    spec = CapacitySpec(start_rps=20, max_rps=50, limit_ns=NS_PER_S, step_ns=9 * NS_PER_S)
    async with raw_server(answering(OK)) as url:
        profile = replace(profile_of(url), phases=(), capacity=spec)
        result = await play(profile, tmp_path, lambda s: s.command(Command(CommandKind.DRAIN)))
    document = json.loads((result.recorded.folder / "report.json").read_text("utf-8"))
    words = "the search was ended early: no rate was found that holds p99 < 1000 ms"
    rates = ("rate_rps", "holds_rps", "fails_rps", "recovers_rps", "relapses_rps")
    unknown = dict.fromkeys(rates)
    assert document["answers"] == [{"variant": "http", **unknown, "text": words}]


async def test_a_load_that_breaks_says_so_and_keeps_what_was_measured(tmp_path: Path) -> None:
    def breaks(session: RunSession) -> None:
        def take(_worker: int, payload: object) -> None:
            del payload
            raise RuntimeError("these rows cannot be read")

        session.aggregate.add_rows = take  # type: ignore[method-assign]

    async with raw_server(answering(OK)) as url:
        result = await play(profile_of(url), tmp_path, breaks)
    assert result.exit_code is ExitCode.INTERNAL
    again = load_run(result.recorded.folder)
    assert again.state == RunState.FAILED.value
    assert again.verdict is Verdict.INVALID
    assert again.reasons[0].text == "the load broke: RuntimeError: these rows cannot be read"
    assert again.windows[0].tally.ok > 0
    broke = next(event for event in events_of(result) if event["kind"] == "broke")
    assert "take" in str(broke["fields"])
