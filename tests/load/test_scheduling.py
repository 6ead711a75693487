"""What class a worker asks for, what it takes, and what it says where it gets none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.errors import LamloadError
from bench.load import scheduling
from bench.load.scheduling import may_be_realtime, remedy, take
from bench.model.profile import Scheduling

Asked = list[tuple[int, int, int]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the kernel was asked for; it grants everything."""
    calls: Asked = []
    monkeypatch.setattr(
        os,
        "sched_setscheduler",
        lambda pid, policy, param: calls.append((pid, policy, param.sched_priority)),
    )
    return calls


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that grants nothing."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)


@pytest.mark.parametrize("wanted", [Scheduling.AUTO, Scheduling.REALTIME])
def test_where_it_is_granted_it_is_the_lowest_real_time_class_and_not_inherited(
    asked: Asked, wanted: Scheduling
) -> None:
    assert take(wanted) is Scheduling.REALTIME
    assert asked == [(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, 1)]


def test_normal_asks_for_nothing(asked: Asked) -> None:
    assert take(Scheduling.NORMAL) is Scheduling.NORMAL
    assert asked == []


@pytest.mark.usefixtures("refused")
def test_auto_goes_on_without_and_realtime_does_not() -> None:
    assert take(Scheduling.AUTO) is Scheduling.NORMAL
    with pytest.raises(LamloadError) as caught:
        take(Scheduling.REALTIME)
    assert str(caught.value) == f"the system does not grant real-time scheduling: {remedy()}"
    assert not may_be_realtime()


def test_to_try_it_changes_nothing_for_who_asks() -> None:
    before = os.sched_getscheduler(0)
    may_be_realtime()
    assert os.sched_getscheduler(0) == before


def test_the_remedy_is_the_one_of_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "_IN_CONTAINER", tmp_path / "none")
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    assert "prlimit" in remedy()
    monkeypatch.setenv("INVOCATION_ID", "1")
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    assert "LimitRTPRIO" in remedy()
    monkeypatch.setattr(scheduling, "_IN_CONTAINER", tmp_path)
    assert "--cap-add SYS_NICE" in remedy()
