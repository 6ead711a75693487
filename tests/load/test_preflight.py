"""What is refused before the start, and in which words."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.load import preflight
from tests.profile.write import MINIMAL, load

CLOSED = MINIMAL.replace('rate = "10/s"', 'callers = "1..5000"')


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 1024))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(preflight, "worker_count", lambda _: 1)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        preflight.check_limits(load(tmp_path, text))
    return str(caught.value)


def test_an_open_loop_is_told_of_the_slots_it_asks_for(tmp_path: Path) -> None:
    words = refusal(tmp_path, MINIMAL)
    assert "load.in_flight can need 1064 file descriptors in a worker" in words
    assert "lower load.in_flight or raise the limit (ulimit -Hn)" in words


def test_a_closed_loop_is_told_of_its_callers(tmp_path: Path) -> None:
    words = refusal(tmp_path, CLOSED)
    assert "5000 callers can need 5064 file descriptors in a worker" in words
    assert "lower callers" in words


def test_ports_are_counted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, resource.RLIM_INFINITY))
    monkeypatch.setattr(preflight, "ephemeral_ports", lambda: 900)
    assert "1000 connections to one address and this system has 900" in refusal(tmp_path, MINIMAL)
