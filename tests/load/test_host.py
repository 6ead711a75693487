"""What a machine says of itself, and which workers it gets."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from bench.load import host
from bench.load.host import Host, this_host, workers_by_host


def machine(cores: int) -> Host:
    return Host(f"{cores} cores", cores)


def test_this_machine_is_asked_what_it_can_bear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("_PORT_RANGE", "32768\t60999\n"), ("_TW_REUSE", "2\n")):
        setting = tmp_path / name
        setting.write_text(text)
        monkeypatch.setattr(host, name, setting)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 1024))
    monkeypatch.setattr(host, "may_be_realtime", lambda: True)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert this_host() == Host(
        "this system", cores=3, descriptors=1024, ports=28232, tw_reuse=2, realtime=True
    )


def test_what_a_system_does_not_limit_or_tell_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_PORT_RANGE", tmp_path / "none")
    monkeypatch.setattr(host, "_TW_REUSE", tmp_path / "none")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, resource.RLIM_INFINITY))
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    monkeypatch.setattr(host, "may_be_realtime", lambda: False)
    assert this_host("here") == Host("here", cores=1)


def test_this_machine_is_its_own_clock() -> None:
    own = this_host()
    assert (own.clock_offset_ns, own.clock_uncertainty_ns, own.instant_ns(5)) == (0, 0, 5)
    assert Host("other", 1, clock_offset_ns=-3).instant_ns(5) == 2


@pytest.mark.parametrize(
    ("cores", "workers", "dealt"),
    [
        ((4,), 3, [[0, 1, 2]]),
        ((4, 4), 2, [[0], [1]]),
        ((2, 4), 4, [[2], [0, 1, 3]]),  # one and three cores are left to workers
        ((1, 2), 3, [[0, 2], [1]]),  # each has one at least
        ((2, 2), 1, [[0], []]),
    ],
)
def test_workers_are_dealt_by_what_a_machine_carries(
    cores: tuple[int, ...], workers: int, dealt: list[list[int]]
) -> None:
    assert workers_by_host([machine(count) for count in cores], workers) == dealt
