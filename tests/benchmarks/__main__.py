"""`python -m tests.benchmarks`: one table, all tools in one run on one static nginx on loopback.

Each tool is pinned to one core and nginx to the other. What is compared is CPU per request by
wait4, so that a noisy machine does not matter; rates are shown for the picture. `--short` runs two
seconds each instead of ten. A peer that is not installed is named and left out. `tui` runs the
command itself, unpinned, with and without its view. `growth` calls nobody: it shows what variants
and seconds cost, and `fleet` what nodes cost their coordinator.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.aws.credentials import Credentials
from bench.aws.sigv4 import Signer
from tests.benchmarks.capacity import capacity_table
from tests.benchmarks.coverage import coverage_table
from tests.benchmarks.fleet import fleet
from tests.benchmarks.gaps import gaps
from tests.benchmarks.growth import growth
from tests.benchmarks.nginx import Served, nginx
from tests.benchmarks.ours import Called, closed, open_loop, run_worker
from tests.benchmarks.process import Finished, run
from tests.benchmarks.scaling import scaling
from tests.benchmarks.screens import screens
from tests.benchmarks.view import beside_the_view

TOOL_CORE, TARGET_CORE = 0, 1
CONNECTIONS = 32
PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of peers."""

    name: str
    requests: int
    seconds: float
    cpu_us: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="two seconds a tool")
    parser.add_argument("--only", default="", help=f"comma list: {','.join(PARTS)}")
    options = parser.parse_args()
    wanted = [part for part in options.only.split(",") if part] or list(PARTS)
    unknown = [part for part in wanted if part not in PARTS]
    if unknown:
        parser.error(f"--only: there is no {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if any(part not in ALONE for part in wanted):
        with nginx(TARGET_CORE) as served:
            for part in wanted:
                PARTS[part](served, options.short)
    else:
        for part in wanted:
            PARTS[part](Served("", "", Path()), options.short)


def _peers(url: str, seconds: float) -> None:
    ours = _ours("lamload, one worker", url, seconds)
    _say(f"Closed loop, {CONNECTIONS} connections, {seconds:g} s each: CPU per request")
    _compare([ours, *_measured_peers(url, seconds)])


def _peers_with_tls(served: Served, seconds: float) -> None:
    _say(f"\nThe same with TLS 1.3, {seconds:g} s each: CPU per request")
    ours = Called.url(served.secure_url, served.authority)
    signed = Called.signed(served.secure_url.rstrip("/"), served.authority)
    _compare(
        [
            _ours("lamload, one worker", ours, seconds),
            _ours("… unique, by SigV4", signed, seconds),
            *_measured_peers(served.secure_url, seconds, {"hey", "wrk", "ab"}),
        ]
    )


def _compare(rows: Sequence[Row]) -> None:
    _say(f"  {'tool':<22}{'requests/s':>12}{'CPU µs':>10}{'lamload is':>14}")
    for row in rows:
        ratio = rows[0].cpu_us / row.cpu_us if row.cpu_us else float("nan")
        rate = row.requests / row.seconds
        _say(f"  {row.name:<22}{rate:>12,.0f}{row.cpu_us:>10.1f}{ratio:>13.3f}×")


def _ours(name: str, called: str | Called, seconds: float) -> Row:
    result = run_worker(called, closed(CONNECTIONS, seconds), TOOL_CORE)
    failed = int((result.rows["status"] != 200).sum())
    if failed:
        raise SystemExit(f"{name}: {failed:,} of {result.invocations:,} failed")
    return Row(name, result.invocations, seconds, result.cpu_us)


def _measured_peers(url: str, seconds: float, names: Set[str] = frozenset()) -> Iterator[Row]:
    """names: of those that are wanted; all if empty."""
    whole = max(1, round(seconds))
    for peer in _known_peers(url, str(CONNECTIONS), str(whole)):
        if names and peer.name not in names:
            continue
        if not peer.is_installed():
            _say(f"  {peer.name:<22}  not installed")
            continue
        yield _row(peer.name, run(peer.command, TOOL_CORE), peer.pattern, whole)


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool to compare with. pattern finds the number of requests in its output."""

    name: str
    command: list[str]
    pattern: str
    module: str = ""

    def is_installed(self) -> bool:
        """True if it can be run here."""
        if self.module:
            return find_spec(self.module) is not None
        return shutil.which(self.command[0]) is not None


def _known_peers(url: str, callers: str, seconds: str) -> list[Peer]:
    python = sys.executable
    arguments = [url, callers, seconds]
    locust = ["--headless", "--only-summary", "-u", callers, "-r", callers, "-t", f"{seconds}s"]
    locust += ["--host", url.rstrip("/")]
    return [
        Peer("hey", ["hey", "-z", f"{seconds}s", "-c", callers, url], r"\[200\]\s+(\d+) resp"),
        Peer("wrk", ["wrk", "-t1", f"-c{callers}", f"-d{seconds}s", url], r"(\d+) requests in"),
        Peer(
            "ab",
            ["ab", "-q", "-k", "-c", callers, "-t", seconds, "-n", "100000000", url],
            r"Complete requests:\s+(\d+)",
        ),
        Peer(
            "system calls alone",
            [python, str(PEERS / "system_calls.py"), *arguments],
            r"^(\d+)",
        ),
        Peer(
            "aiohttp client",
            [python, str(PEERS / "aiohttp_client.py"), *arguments],
            r"^(\d+)",
            "aiohttp",
        ),
        Peer(
            "httpx client", [python, str(PEERS / "httpx_client.py"), *arguments], r"^(\d+)", "httpx"
        ),
        Peer(
            "Locust FastHttpUser",
            [python, "-m", "locust", "-f", str(PEERS / "locustfile.py"), *locust],
            r"Aggregated\s+(\d+)",
            "locust",
        ),
    ]


def _row(name: str, finished: Finished, pattern: str, seconds: float) -> Row:
    found = re.search(pattern, finished.output, re.MULTILINE)
    requests = int(found[1]) if found else 0
    if not requests:
        _say(f"  {name}: no count in its output:\n{finished.output[-400:]}")
    return Row(name, requests, seconds, finished.cpu_s / max(1, requests) * 1e6)


def _open_loop(url: str, seconds: float) -> None:
    planned = 10_000
    result = run_worker(url, open_loop(planned, seconds), TOOL_CORE)
    offered = int(result.counts["offered"].sum())
    dropped = int(result.counts["dropped"].sum())
    _say(f"\nOpen loop, Poisson, {planned:,}/s for {seconds:g} s on one worker")
    _say(f"  offered {offered:,}  sent {result.invocations:,} ({result.invocations / offered:.4%})")
    _say(f"  dropped {dropped}  CPU {result.cpu_us:.1f} µs per invocation")
    _say(f"  send lag p50 {result.lag_us(0.5):.0f} µs  p99 {result.lag_us(0.99):.0f} µs")


def _send_lag(url: str, seconds: float) -> None:
    result = run_worker(url, open_loop(2_000, seconds), TOOL_CORE)
    _say("\nSend lag at 2,000/s, one worker")
    for q in (0.5, 0.9, 0.99, 0.999):
        lag_us, attempt_us = result.lag_us(q), result.attempt_us(q)
        _say(f"  p{q * 100:<5g} lag {lag_us:8.0f} µs   attempt {attempt_us:8.0f} µs")
    if shutil.which("wrk"):
        finished = run(
            ["wrk", "-t1", "-c1", f"-d{max(1, round(seconds))}s", "--latency", url], TOOL_CORE
        )
        lines = [line.strip() for line in finished.output.splitlines() if "%" in line]
        _say(f"  wrk on one connection reports: {'; '.join(lines)}")


def _memory(url: str, invocations: int) -> None:
    rate = run_worker(url, closed(CONNECTIONS, 1.0), TOOL_CORE).invocations
    few = run_worker(url, closed(CONNECTIONS, 10_000 / rate), TOOL_CORE)
    many = run_worker(url, closed(CONNECTIONS, invocations / rate), TOOL_CORE)
    _say("\nResident memory of a worker")
    _say(f"  after {few.invocations:>9,} invocations: {few.rss_mb[-1]:.1f} MB")
    _say(f"  after {many.invocations:>9,} invocations: {many.rss_mb[-1]:.1f} MB")


def _sigv4() -> None:
    signer = Signer(Credentials("AKIDEXAMPLE", "secret", None, None), "us-east-1", "lambda")
    url = "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/f/invocations"
    count = 20_000
    bodies = [b'{"n":%d}' % i for i in range(count)]
    begun = time.process_time()
    for body in bodies:
        signer.sign("POST", url, [("X-Amz-Log-Type", "Tail")], body, 1_700_000_000)
    spent_us = (time.process_time() - begun) / count * 1e6
    _say(f"\nSigV4, unique payloads: {spent_us:.1f} µs each")


def _help() -> None:
    ours = [run([sys.executable, "-m", "bench", "--help"], TOOL_CORE).cpu_s for _ in range(9)]
    bare = [run([sys.executable, "-c", "pass"], TOOL_CORE).cpu_s for _ in range(9)]
    _say(f"\n--help costs {sorted(ours)[4] / sorted(bare)[4]:.1f} × python -c pass")


def _say(text: str) -> None:
    print(text, flush=True)


PARTS: dict[str, Callable[[Served, bool], None]] = {
    "peers": lambda to, short: _peers(to.url, 2.0 if short else 10.0),
    "tls": lambda to, short: _peers_with_tls(to, 2.0 if short else 10.0),
    "open": lambda to, short: _open_loop(to.url, 3.0 if short else 30.0),
    "lag": lambda to, short: _send_lag(to.url, 2.0 if short else 10.0),
    "tui": lambda to, short: beside_the_view(to.url, 5.0 if short else 20.0, _say),
    "screens": lambda _to, short: screens(short, _say),
    "memory": lambda to, short: _memory(to.url, 200_000 if short else 2_000_000),
    "sigv4": lambda _to, _short: _sigv4(),
    "workers": lambda to, short: scaling(to.url, 2.0 if short else 6.0, TOOL_CORE, _say),
    "help": lambda _to, _short: _help(),
    "growth": lambda _to, short: growth(short, _say),
    "gaps": lambda _to, short: gaps(short, _say),
    "capacity": lambda _url, short: capacity_table(20 if short else 200, 2026, _say),
    "fleet": lambda _to, short: fleet(short, _say),
    "coverage": lambda _to, short: coverage_table(60 if short else 300, 2026, _say),
}
ALONE = ("sigv4", "help", "growth", "capacity", "coverage", "fleet", "gaps", "screens")
"""Parts that call nobody, or a target of their own."""


if __name__ == "__main__":
    main()
