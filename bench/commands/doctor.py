"""`lamload doctor`: what this machine can bear, and what is missing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import click

from bench.commands.support.verb import Verb
from bench.errors import ExitCode
from bench.output.page_width import folded, row_width

PACKAGES = (
    "aiohttp",
    "asyncio-throttle",
    "awslambdaric",
    "click",
    "hdrhistogram",
    "httptools",
    "httpx",
    "numpy",
    "textual",
    "uvloop",
)
EXTRAS = {
    "distributed": "lamload[dask], for --fleet",
    "botocore": "lamload[aws], for AWS profiles, SSO and roles",
    "h2": "lamload[http2], for connections.http2",
}
GOOD_DESCRIPTORS = 4096
GOOD_PORTS = 10_000
GOOD_RESOLUTION_NS = 1_000


class State(StrEnum):
    """How a finding is to be taken; only FAULT keeps lamload from working."""

    OK = "ok"
    NOTE = "note"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing looked at. text says what was found and, where it is not OK, the mend."""

    state: State
    subject: str
    text: str


@click.command(cls=Verb)
@click.option("--fleet", metavar="CLUSTER", help="Look at its machines too, as run --fleet names.")
@click.option("--insecure-fleet", is_flag=True, help="As run has it.")
@click.pass_context
def doctor(context: click.Context, fleet: str | None, insecure_fleet: bool) -> None:
    """Say what this machine can bear and what is missing. Nothing leaves a machine.

    `note` limits what a run can do, `FAULT` keeps lamload from working: then the exit code is 1.
    """
    findings = list(examine())
    if fleet is not None:
        findings += _fleet(fleet, insecure=insecure_fleet)
    width = max(len(finding.subject) for finding in findings)
    for finding in findings:
        line = f"{finding.state:5}  {finding.subject:{width}}  {finding.text}"
        click.echo("\n".join(folded([line], row_width())))
    is_faulty = any(finding.state is State.FAULT for finding in findings)
    context.exit(ExitCode.INTERNAL if is_faulty else ExitCode.OK)


def examine() -> Iterator[CheckResult]:
    """Everything that the doctor looks at."""
    yield _python()
    yield from _packages()
    yield from _extras()
    yield _event_loop()
    yield _cores()
    yield _load()
    yield _descriptors()
    yield _ports()
    yield _clock()
    yield _timer()
    yield _scheduling()
    yield _run_queue()
    yield _credentials()
    yield _terminal()


def _python() -> CheckResult:
    return CheckResult(State.OK, "Python", f"{sys.version.split()[0]} at {sys.executable}")


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _packages() -> Iterator[CheckResult]:
    versions = {package: _version(package) for package in PACKAGES}
    missing = [package for package, found in versions.items() if found is None]
    if missing:
        mend = "install lamload again: pip install ."
        yield CheckResult(State.FAULT, "packages", f"{', '.join(missing)} missing; {mend}")
    listed = ", ".join(f"{package} {found}" for package, found in versions.items() if found)
    yield CheckResult(State.OK, "packages", listed)


def _extras() -> Iterator[CheckResult]:
    for package, purpose in EXTRAS.items():
        found = _version(package)
        text = f"{found}" if found else f"not installed; it comes with {purpose}"
        yield CheckResult(State.OK if found else State.NOTE, package, text)


def _event_loop() -> CheckResult:
    try:
        import uvloop

        loop = uvloop.new_event_loop()
        loop.close()
    except (ImportError, OSError, RuntimeError) as error:
        return CheckResult(State.FAULT, "uvloop", f"does not work here: {error}")
    return CheckResult(State.OK, "uvloop", "makes event loops")


def _cores() -> CheckResult:
    from bench.load.host import default_workers, this_host

    host = this_host()
    if host.cores < 2:
        text = "1; generator and target share it, so a local target distorts what is measured"
        return CheckResult(State.NOTE, "cores", text)
    return CheckResult(
        State.OK, "cores", f"{host.cores}; a run uses {default_workers(host)} for workers"
    )


def _load() -> CheckResult:
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    text = f"{load:.2f} in the last minute"
    if load > cores / 2:
        return CheckResult(State.NOTE, "load", f"{text}; other programs disturb a measurement")
    return CheckResult(State.OK, "load", text)


def _descriptors() -> CheckResult:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = "without limit" if hard == resource.RLIM_INFINITY else f"{hard:,}"
    text = f"{soft:,} now, up to {allowed}"
    if hard != resource.RLIM_INFINITY and hard < GOOD_DESCRIPTORS:
        mend = "load.in_flight must stay below that; raise it with ulimit -Hn"
        return CheckResult(State.NOTE, "descriptors", f"{text}; {mend}")
    return CheckResult(State.OK, "descriptors", text)


def _ports() -> CheckResult:
    from bench.load.host import this_host

    ports = this_host().ports
    if ports is None:
        return CheckResult(State.NOTE, "ports", "this system does not say how many ephemeral ones")
    text = f"{ports:,} ephemeral ones for connections to one address"
    if ports < GOOD_PORTS:
        return CheckResult(State.NOTE, "ports", f"{text}; widen net.ipv4.ip_local_port_range")
    return CheckResult(State.OK, "ports", text)


def _clock() -> CheckResult:
    """The smallest step seen between two readings, not what the system claims."""
    steps = []
    for _ in range(1000):
        before = after = time.monotonic_ns()
        while after == before:
            after = time.monotonic_ns()
        steps.append(after - before)
    step_ns = min(steps)
    state = State.OK if step_ns <= GOOD_RESOLUTION_NS else State.NOTE
    note = "" if state is State.OK else "; times below that cannot be told apart"
    return CheckResult(state, "clock", f"monotonic, steps of {step_ns:,} ns{note}")


def _timer() -> CheckResult:
    """How late a sleep of a millisecond ends, at the median of 50."""
    late = []
    for _ in range(50):
        start = time.perf_counter_ns()
        time.sleep(0.001)
        late.append(time.perf_counter_ns() - start - 1_000_000)
    median_us = sorted(late)[25] / 1000
    if median_us > 1000:
        text = f"wakes {median_us:.0f} µs late at the median; send lag will be large"
        return CheckResult(State.NOTE, "timer", text)
    return CheckResult(State.OK, "timer", f"wakes {median_us:.0f} µs late at the median")


def _scheduling() -> CheckResult:
    from bench.load.scheduling import may_be_realtime, remedy

    if may_be_realtime():
        return CheckResult(State.OK, "scheduling", "workers get a real-time class")
    text = f"workers get no real-time class, and read and send late at times; {remedy()}"
    return CheckResult(State.NOTE, "scheduling", text)


def _run_queue() -> CheckResult:
    try:
        fields = Path("/proc/self/schedstat").read_bytes().split()
        int(fields[1])
    except (OSError, ValueError, IndexError):
        text = "not told by this system; a local target on a busy host looks slower than it is"
        return CheckResult(State.NOTE, "run queue", text)
    return CheckResult(
        State.OK, "run queue", "told by the kernel, so that a local target corrects it"
    )


def _credentials() -> CheckResult:
    """Whether there are any, without asking a service for them."""
    environ = os.environ
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
        return CheckResult(
            State.OK, "AWS", f"keys in the environment, region {region or 'not set'}"
        )
    if _version("botocore"):
        text = "no keys in the environment; botocore's chain (profiles, SSO, roles) will be asked"
        return CheckResult(State.NOTE, "AWS", text)
    text = "no credentials: only local targets and URLs can be measured"
    return CheckResult(State.NOTE, "AWS", text)


def _fleet(word: str, *, insecure: bool) -> list[CheckResult]:
    """The machines of a cluster. Raises LamloadError where there is none."""
    import asyncio

    from bench.commands.support.fleet_check import examined

    return [
        CheckResult(State.NOTE if mend else State.OK, name, f"{text}; {mend}" if mend else text)
        for name, text, mend in asyncio.run(examined(word, insecure=insecure))
    ]


def _terminal() -> CheckResult:
    from shutil import get_terminal_size

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return CheckResult(State.NOTE, "terminal", "none here: runs are headless")
    columns, lines = get_terminal_size()
    name, colour = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "no COLORTERM")
    text = f"{columns}×{lines}, TERM {name or 'not set'}, {colour}"
    if name in ("", "dumb") or columns < 60 or lines < 18:
        return CheckResult(State.NOTE, "terminal", f"{text}; the TUI wants 60×18 or more")
    return CheckResult(State.OK, "terminal", text)
