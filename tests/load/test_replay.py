"""An operator's commands, recorded and given again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bench.errors import ExitCode, UsageError
from bench.load.replay import Recording, check_recording, recording_of
from bench.load.session import NOTHING_RECORDED, RunResult, RunSession
from bench.model.live import RunEvent
from bench.model.load import Command, CommandKind, Segment
from bench.model.profile import Arrivals, CapacitySpec, LoadSpec, Phase, Profile, StopSpec
from bench.model.times import NS_PER_S
from bench.record.recorded_run import event_line, read_json
from bench.shapes.ramp import Ramp, constant_rate
from tests.load.test_session import OK, check_ledger, events_of, profile_of, rows_of
from tests.wire.rawserver import answering, raw_server

Timed = tuple[float, Command]


def line(kind: str, at_s: float, **fields: object) -> str:
    at_ns = round(at_s * NS_PER_S)
    event = RunEvent(at_ns - NS_PER_S // 10, "command", kind, {"at_ns": at_ns, **fields})
    return event_line(event)


def twice_five_seconds() -> Profile:
    phases = (
        Phase("first", constant_rate(10, 5 * NS_PER_S)),
        Phase("second", constant_rate(20, 5 * NS_PER_S)),
    )
    return replace(profile_of("http://127.0.0.1:1/"), phases=phases)


def test_commands_are_read_out_of_all_that_happened() -> None:
    text = (
        event_line(RunEvent(0, "start", "A run"))
        + line("rate-factor", 2.5, value=1.21)
        + event_line(RunEvent(NS_PER_S, "failure", "v: timeout", {"status": 0}))
        + line("drain", 4)
    )
    recording = recording_of(text, "x")
    assert [(c.command, c.at_ns) for c in recording.commands] == [
        (Command(CommandKind.RATE_FACTOR, 1.21), 2_500_000_000),
        (Command(CommandKind.DRAIN), 4_000_000_000),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"t_ns": 1, "kind', "x: line 1 is not JSON"),
        ("[1, 2]", "x: line 1 is not an event"),
        ('{"t_ns": 1}', "x: line 1 is not an event"),
        (
            line("hold", 1) + line("jump", 2),
            'x: line 2: there is no command "jump"; there are rate-',
        ),
        (line("rate-factor", 1), "x: line 1: value must be a factor above 0 (it is None)"),
        (line("rate-factor", 1, value=-2), "value must be a factor above 0 (it is -2)"),
        (line("rate-factor", 1, value=float("nan")), "value must be a factor above 0"),
        (
            line("hold", 1, at_ns="soon"),
            'at_ns must be whole nanoseconds, at least 0, at most 30 days (it is "soon")',
        ),
        (line("hold", 1, at_ns=10**400), "at_ns must be whole nanoseconds, at least 0, at most"),
        (line("rate-factor", 1, value=10**400), "value must be a factor above 0 (it is a whole"),
        ("[" * 100_000, "x: line 1 is not JSON"),
        (line("hold", -1), "at_ns must be whole nanoseconds, at least 0"),
        (event_line(RunEvent(0, "start", "A run")), "x: has no command of an operator's"),
        ("", "x: has no command of an operator's"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(UsageError) as refusal:
        recording_of(text, "x")
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (line("hold", 11), "hold at 11 s comes when the load has ended; replay with"),
        (
            line("skip-phase", 1) + line("skip-phase", 2) + line("rate-factor", 3, value=2),
            "rate-factor 2 at 3 s comes when the load has ended",
        ),
        (
            line("drain", 2) + line("hold", 3),
            "hold at 3 s comes when the load has ended",
        ),
    ],
)
def test_a_command_after_the_end_of_the_load_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError) as refusal:
        check_recording(recording_of(text, "x"), twice_five_seconds())
    assert words in str(refusal.value)


def test_a_hold_keeps_the_load_open_for_what_comes_later() -> None:
    text = line("hold", 9) + line("rate-factor", 30, value=2) + line("resume", 60)
    check_recording(recording_of(text + line("abort", 99), "x"), twice_five_seconds())


def test_a_hold_that_nothing_ends_is_refused_since_nobody_is_there_to_end_it() -> None:
    recording = recording_of(line("hold", 2) + line("rate-factor", 3, value=2), "x")
    with pytest.raises(UsageError, match="x: line 1: hold at 2 s is followed by no resume"):
        check_recording(recording, twice_five_seconds())
    check_recording(recording, replace(twice_five_seconds(), stop=StopSpec(after_ns=NS_PER_S)))


def test_a_search_for_capacity_takes_no_rate_but_can_be_ended() -> None:
    search = replace(twice_five_seconds(), phases=(), capacity=CapacitySpec(1, 2, NS_PER_S))
    check_recording(recording_of(line("drain", 3), "x"), search)
    with pytest.raises(UsageError, match="a search for capacity sets its own rate"):
        check_recording(recording_of(line("hold", 3), "x"), search)


@dataclass(frozen=True)
class Steered:
    """What a run was, for comparison with another one."""

    result: RunResult
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        return (self.result.recorded.folder / "events.jsonl").read_text("utf-8")

    @property
    def commands(self) -> list[tuple[object, object, object]]:
        found = [event for event in events_of(self.result) if event["kind"] == "command"]
        told = [(event["text"], event["fields"]) for event in found]
        return [(text, f.get("value"), f["at_ns"]) for text, f in told if isinstance(f, dict)]

    @property
    def arrivals(self) -> list[tuple[str, int]]:
        rows = rows_of(self.result, "attempts.csv")
        return sorted((row["phase"], int(row["intended_ns"])) for row in rows)

    @property
    def seconds(self) -> list[tuple[int, int, float, float, int]]:
        """(second, segment, duration in s, planned rate, arrivals) of each row."""
        return [
            (
                *(int(row["t_s"]), int(row["segment"])),
                *(float(row["duration_s"]), float(row["planned_rps"]), int(row["offered"])),
            )
            for row in rows_of(self.result, "intervals.csv")
        ]


async def steered(
    profile: Profile,
    root: Path,
    commands: Sequence[Timed] = (),
    recording: Recording = NOTHING_RECORDED,
) -> Steered:
    """A run in which these commands are given, each once so many seconds have passed."""
    session = RunSession(profile, root, recording=recording)
    try:
        await session.prepare()
        load = asyncio.ensure_future(session.run())
        for at_s, command in commands:
            while session.snapshot().t_ns < at_s * NS_PER_S and not load.done():
                await asyncio.wait({load}, timeout=0.02)
            session.command(command)
        await asyncio.wait_for(load, 30)
        result = await session.finish()
    finally:
        await session.close()
    check_ledger(result)
    return Steered(result, tuple(session.aggregate._timeline.measured_segments()))


def steerable(url: str, *phases: Phase) -> Profile:
    load = LoadSpec(arrivals=Arrivals.POISSON, workers=2, seed=7)
    return replace(profile_of(url), load=load, phases=phases, record_attempts=True)


async def test_a_steered_run_replays_to_the_same_segments_and_arrivals(tmp_path: Path) -> None:
    commands = [
        (0.3, Command(CommandKind.RATE_FACTOR, 1.5)),
        (0.7, Command(CommandKind.HOLD)),
        (1.1, Command(CommandKind.RESUME)),
        (1.5, Command(CommandKind.SKIP_PHASE)),
    ]
    phases = (
        Phase("first", constant_rate(60, 3 * NS_PER_S)),
        Phase("second", Ramp(NS_PER_S // 2, 30, 90)),
    )
    async with raw_server(answering(OK)) as url:
        profile = steerable(url, *phases)
        first = await steered(profile, tmp_path, commands)
        again = await steered(profile, tmp_path, recording=recording_of(first.text, "first"))
        third = await steered(profile, tmp_path, recording=recording_of(again.text, "again"))
    assert [text for text, *_ in first.commands] == ["rate-factor", "hold", "resume", "skip-phase"]
    rates = [(s.shape.rate_rps(0), s.shape.rate_rps(s.duration_ns)) for s in first.segments]
    assert rates == [(60, 60), (90, 90), (90, 90), (45, 135)]
    assert first.segments == again.segments == third.segments
    assert first.commands == again.commands == third.commands
    assert len(first.arrivals) > 100
    assert first.arrivals == again.arrivals == third.arrivals
    replayed = [event for event in events_of(again.result) if event["kind"] == "command"]
    assert all("'replayed': True" in str(event["fields"]) for event in replayed)
    told = read_json(again.result.recorded.folder / "manifest.json")["replayed"]
    assert told["from"] == "first"
    assert [c["at_ns"] for c in told["commands"]] == [at_ns for _, _, at_ns in first.commands]


async def test_each_change_of_the_load_has_rows_of_its_own(tmp_path: Path) -> None:
    commands = [
        (0.3, Command(CommandKind.RATE_FACTOR, 3)),
        (1.4, Command(CommandKind.HOLD)),
        (3.0, Command(CommandKind.RESUME)),
    ]
    async with raw_server(answering(OK)) as url:
        profile = steerable(url, Phase("steady", constant_rate(60, 2 * NS_PER_S)))
        first = await steered(profile, tmp_path, commands)
        again = await steered(profile, tmp_path, recording=recording_of(first.text, "first"))
    assert first.seconds == again.seconds
    assert [s.index for s in first.segments] == [0, 1, 2]
    assert {second for second, *_ in first.seconds}.isdisjoint({2}), "held throughout"
    expected = []
    for segment in first.segments:
        for second in range(segment.start_ns // NS_PER_S, -(-segment.end_ns // NS_PER_S)):
            start_ns = max(segment.start_ns, second * NS_PER_S)
            end_ns = min(segment.end_ns, (second + 1) * NS_PER_S)
            sent = [at_ns for _, at_ns in first.arrivals if start_ns <= at_ns < end_ns]
            duration_s, rps = (end_ns - start_ns) / NS_PER_S, segment.shape.rate_rps(0)
            expected.append((second, segment.index, duration_s, rps, len(sent)))
    assert first.seconds == [pytest.approx(row) for row in sorted(expected)]
    told = {(int(a["intended_ns"]), a["segment"]) for a in rows_of(first.result, "attempts.csv")}
    assert told == {
        (at_ns, str(segment.index))
        for _, at_ns in first.arrivals
        for segment in first.segments
        if segment.start_ns <= at_ns < segment.end_ns
    }


async def test_a_drained_run_replays_to_the_same_end(tmp_path: Path) -> None:
    async with raw_server(answering(OK)) as url:
        profile = steerable(url, Phase("steady", constant_rate(100, 600 * NS_PER_S)))
        first = await steered(profile, tmp_path, [(0.5, Command(CommandKind.DRAIN))])
        again = await steered(profile, tmp_path, recording=recording_of(first.text, "first"))
    assert first.result.exit_code is again.result.exit_code is ExitCode.INTERRUPTED
    assert first.segments == again.segments
    assert first.segments[-1].end_ns == first.commands[0][2]
    assert 30 < len(first.arrivals) < 200
    assert first.arrivals == again.arrivals


async def test_an_abort_is_given_again_at_its_instant(tmp_path: Path) -> None:
    async with raw_server(answering(OK)) as url:
        profile = steerable(url, Phase("steady", constant_rate(50, 600 * NS_PER_S)))
        recording = recording_of(line("abort", 0.6), "x")
        again = await steered(profile, tmp_path, recording=recording)
    assert again.result.exit_code is ExitCode.INTERRUPTED
    (_, _, at_ns) = again.commands[0]
    assert isinstance(at_ns, int)
    assert 0.6 * NS_PER_S <= at_ns < 1.6 * NS_PER_S


async def test_a_command_that_finds_the_run_over_is_told_and_not_given(tmp_path: Path) -> None:
    text = line("rate-factor", 1.5, value=2) + line("abort", 60)
    async with raw_server(answering(OK)) as url:
        profile = steerable(url, Phase("steady", constant_rate(50, NS_PER_S)))
        again = await steered(profile, tmp_path, recording=recording_of(text, "x"))
    assert again.result.exit_code is not ExitCode.INTERRUPTED
    assert again.commands == []
    passed = [
        str(event["text"]) for event in events_of(again.result) if "not-" in str(event["kind"])
    ]
    assert passed == [
        "rate-factor 2 at 1.5 s: there was no load to change",
        "abort at 60 s: there was no load to change",
    ]
