"""What is refused before the start, and in which words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.errors import UsageError
from bench.load import preflight
from bench.load.host import Host
from tests.profile.write import MINIMAL, load

CLOSED = MINIMAL.replace('rate = "10/s"', 'callers = "1..5000"')


def machine(cores: int = 1, **limits: Any) -> Host:
    return replace(Host("this system", cores, descriptors=1024), **limits)


def refusal(tmp_path: Path, text: str, *hosts: Host) -> str:
    with pytest.raises(UsageError) as caught:
        preflight.check_limits(load(tmp_path, text), hosts or (machine(),))
    return str(caught.value)


@pytest.mark.parametrize(
    ("cores", "workers"), [((1,), 1), ((2,), 1), ((3,), 2), ((64,), 63), ((1, 4), 4), ((8, 8), 14)]
)
def test_a_core_of_each_machine_is_left_to_others_if_it_has_two(
    tmp_path: Path, cores: tuple[int, ...], workers: int
) -> None:
    hosts = [machine(count) for count in cores]
    assert preflight.worker_count(load(tmp_path, MINIMAL), hosts) == workers


def test_as_many_workers_as_the_profile_asks_for_whatever_the_machines(tmp_path: Path) -> None:
    profile = load(tmp_path, MINIMAL + "\n[load]\nworkers = 5\n")
    assert preflight.worker_count(profile, [machine(2)]) == 5


def test_no_worker_of_an_open_loop_is_without_a_slot_of_its_own(tmp_path: Path) -> None:
    few = "\n[load]\nin_flight = 3\n"
    hosts = [machine(2), machine(2), machine(2), machine(2)]
    assert preflight.worker_count(load(tmp_path, MINIMAL + few), hosts) == 3
    assert preflight.worker_count(load(tmp_path, MINIMAL + few + "workers = 8\n"), hosts) == 3
    assert preflight.worker_count(load(tmp_path, CLOSED + few), hosts) == 4


def test_an_open_loop_is_told_of_the_slots_it_asks_for(tmp_path: Path) -> None:
    words = refusal(tmp_path, MINIMAL)
    assert "this system allows 1024" in words
    assert "load.in_flight can need 1064 file descriptors in a worker" in words
    assert "lower load.in_flight or raise the limit (ulimit -Hn)" in words


def test_a_closed_loop_is_told_of_its_callers(tmp_path: Path) -> None:
    words = refusal(tmp_path, CLOSED)
    assert "5000 callers can need 5064 file descriptors in a worker" in words
    assert "lower callers" in words


def test_ports_are_counted_too(tmp_path: Path) -> None:
    words = refusal(tmp_path, MINIMAL, machine(descriptors=None, ports=900))
    assert "1000 connections to one address and this system has 900" in words


def test_what_is_unlimited_or_unknown_refuses_nothing(tmp_path: Path) -> None:
    preflight.check_limits(load(tmp_path, MINIMAL), [machine(descriptors=None)])


def test_a_limit_is_no_limit_until_it_is_exceeded(tmp_path: Path) -> None:
    preflight.check_limits(load(tmp_path, MINIMAL), [machine(descriptors=1064, ports=1000)])


def test_each_machine_bears_the_connections_of_its_own_workers(tmp_path: Path) -> None:
    large, small = machine(7, name="large", ports=750), machine(3, name="small", ports=250)
    profile = load(tmp_path, MINIMAL)  # 1000 connections over 6 workers and 2
    preflight.check_limits(profile, [large, small])
    words = refusal(tmp_path, MINIMAL, large, replace(small, ports=249))
    assert "250 connections to one address and small has 249" in words
    words = refusal(tmp_path, MINIMAL, replace(large, descriptors=188), small)
    assert "can need 189 file descriptors in a worker and large allows 188" in words


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
        ("10.0.0.1", "50/s", "false", 2, 3000),  # each port is kept for a minute
        ("10.0.0.1", "0/s..100/s", "false", 2, 4500),  # the last minute of a ramp
        ("10.0.0.1", "50/s", "false", 1, 50),
        ("127.0.0.1", "50/s", "false", 2, 50),
        ("127.0.0.1", "50/s", "false", 0, 3000),
        ("10.0.0.1", "50/s", "false", None, 50),  # nothing is refused by a guess
        ("10.0.0.1", "50/s", "true", 2, 0),
        ("many.example", "50/s", "false", 2, 0),  # a name may have any number of addresses
    ],
)
def test_ports_of_ended_connections_are_counted_as_the_system_keeps_them(
    tmp_path: Path, host: str, rate: str, kept: str, reuse: int | None, ports: int
) -> None:
    own = machine(tw_reuse=reuse, ports=max(ports - 1, 20))
    text = URL.format(host=host, rate=rate, kept=kept)
    assert preflight.closed_at_once(load(tmp_path, text), own) == ports
    if ports:
        assert f"will need {ports} ephemeral ports to one address" in refusal(tmp_path, text, own)
    else:
        preflight.check_limits(load(tmp_path, text), [own])


@pytest.mark.parametrize(
    ("load_keys", "ports"),
    [
        ('rate = "50/s"', 150),
        ('rate = "0/s..120/s"\nsteps = 4', 360),
        ('burst = 7\nevery = "300ms"', 84),  # four of them within a second
        ('replay = "a.csv"', 9),
        ('wave = "20/s"\namplitude = "10/s"\nperiod = "2h"', 90),
        ("callers = 9", 0),
    ],
)
def test_the_most_that_any_shape_sends_is_counted_for_all_variants_side_by_side(
    tmp_path: Path, load_keys: str, ports: int
) -> None:
    (tmp_path / "a.csv").write_text("at\n1\n5\n5.5\n5.999\n6\n99\n")
    text = URL.format(host="127.0.0.1", rate="1/s", kept="false")
    text = text.replace('rate = "1/s"', load_keys).replace('"2m"', '"2h"')
    text = text.replace("in_flight = 10", 'in_flight = 10\norder = "together"')
    variants = '[[variants]]\nendpoint = ["alb", "rest", "http-api"]\nmemory_mb = 128\n'
    assert preflight.closed_at_once(load(tmp_path, variants + text), machine()) == ports
    one_by_one = text.replace("together", "sequential")
    assert preflight.closed_at_once(load(tmp_path, variants + one_by_one), machine()) == ports // 3


def test_real_time_is_refused_by_name_where_a_machine_does_not_grant_it(tmp_path: Path) -> None:
    asked = MINIMAL + '\n[load]\nin_flight = 10\nscheduling = "realtime"\n'
    words = refusal(tmp_path, asked, machine(realtime=False))
    assert "load.scheduling is realtime and this system does not grant it: " in words
    preflight.check_limits(load(tmp_path, asked), [machine(realtime=True)])
    preflight.check_limits(load(tmp_path, asked.replace("realtime", "auto")), [machine()])


@pytest.mark.parametrize(
    ("workers", "cores", "said"),
    [
        (1, 2, ""),
        (2, 2, "2 workers may take all 2 cores of this system"),
        (1, 1, "1 worker may take the 1 core of this system"),
    ],
)
def test_precise_pacing_says_where_it_leaves_no_core(
    tmp_path: Path, workers: int, cores: int, said: str
) -> None:
    asked = MINIMAL + f'\n[load]\nin_flight = 10\nworkers = {workers}\npacing = "precise"\n'
    lines = preflight.crowded(load(tmp_path, asked), [machine(cores)])
    assert said in " ".join(lines)
    assert bool(lines) == bool(said)
    default = asked.replace("precise", "default")
    assert preflight.crowded(load(tmp_path, default), [machine(cores)]) == []
