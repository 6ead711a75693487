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


URL = """
[target]
kind = "http"
url = "http://{host}:8080/"

[load]
in_flight = 10

[[phase]]
rate = "{rate}"
duration = "2m"

[connections]
keep_alive = {kept}
"""


@pytest.mark.parametrize(
    ("host", "rate", "kept", "reuse", "ports"),
    [
        ("10.0.0.1", "50/s", "false", "2", 3000),  # each port is kept for a minute
        ("10.0.0.1", "0/s..100/s", "false", "2", 4500),  # the last minute of a ramp
        ("10.0.0.1", "50/s", "false", "1", 50),
        ("127.0.0.1", "50/s", "false", "2", 50),
        ("127.0.0.1", "50/s", "false", "0", 3000),
        ("10.0.0.1", "50/s", "true", "2", 0),
        ("many.example", "50/s", "false", "2", 0),  # a name may have any number of addresses
    ],
)
def test_ports_of_ended_connections_are_counted_as_the_system_keeps_them(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    rate: str,
    kept: str,
    reuse: str,
    ports: int,
) -> None:
    setting = tmp_path / "tcp_tw_reuse"
    setting.write_text(reuse + "\n")
    monkeypatch.setattr(preflight, "_TW_REUSE", setting)
    monkeypatch.setattr(preflight, "ephemeral_ports", lambda: max(ports - 1, 20))
    text = URL.format(host=host, rate=rate, kept=kept)
    assert preflight.closed_at_once(load(tmp_path, text)) == ports
    if ports:
        assert f"will need {ports} ephemeral ports to one address" in refusal(tmp_path, text)
    else:
        preflight.check_limits(load(tmp_path, text))
