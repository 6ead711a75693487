"""From the word behind --fleet to a fleet. Dask is imported only where the word asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from bench.errors import UsageError
from bench.load.fleet import Fleet
from bench.load.fleets.local import LocalFleet
from bench.model.profile import Profile

LOCAL = "dask-local"
SCHEDULER_ADDRESS = "DASK_SCHEDULER_ADDRESS"
MOST_LOCAL = 64
WORDS = (
    "dask://HOST:8786, tls://HOST:8786, the path of a scheduler file, dask for "
    f"{SCHEDULER_ADDRESS}, or dask-local:4"
)
_ADDRESS = re.compile(
    r"(dask|tcp|tls)://(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s/:\[\]]+):(?P<port>\d{1,5})"
)


@dataclass(frozen=True, slots=True)
class FleetWord:
    """What --fleet says: a scheduler's address, a scheduler file, or a number of processes here."""

    address: str | None = None
    """As Dask writes it: tcp:// or tls://."""
    scheduler_file: Path | None = None
    processes: int = 0


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """insecure: whoever is on the network may read along, and run code on the nodes.

    send_credentials: the coordinator's go to the nodes; otherwise these find their own.
    """

    word: str | None = None
    insecure: bool = False
    send_credentials: bool = False


def fleet_opener(
    options: FleetOptions, environ: Mapping[str, str], profile: Profile | None = None
) -> Callable[[], Fleet]:
    """What makes the fleet. Raises UsageError for a word that is none, or without Dask.

    profile: of what is to run there; None for a look at the machines alone.
    """
    if options.word is None:
        if options.insecure or options.send_credentials:
            flag = "--insecure-fleet" if options.insecure else "--send-credentials"
            raise UsageError(f"{flag} is for the machines of a --fleet, and there is none")
        return LocalFleet
    word = read_word(options.word, environ)
    if find_spec("distributed") is None:
        raise UsageError("--fleet needs Dask: pip install 'lamload[dask]'")

    def make() -> Fleet:
        from bench.load.fleets.dask import DaskNodes
        from bench.load.fleets.nodes import NodeFleet

        source = DaskNodes(word, insecure=options.insecure)
        return NodeFleet(source, profile=profile, send_credentials=options.send_credentials)

    return make


def on_a_fleet(profile: Profile) -> Profile:
    """The profile as machines of a fleet run it: without attempts that nobody is to gather."""
    wanted = profile.record_attempts and profile.gather_attempts
    return replace(profile, record_attempts=wanted)


def read_word(word: str, environ: Mapping[str, str]) -> FleetWord:
    """Raises UsageError for a word that names no cluster."""
    if word == LOCAL or word.startswith(f"{LOCAL}:"):
        return FleetWord(processes=_processes(word))
    if word == "dask":
        given = environ.get(SCHEDULER_ADDRESS, "")
        if not given:
            raise UsageError(f"--fleet dask: {SCHEDULER_ADDRESS} is not set; name {WORDS}")
        return FleetWord(address=_address(given, SCHEDULER_ADDRESS))
    if "://" in word:
        return FleetWord(address=_address(word, "--fleet"))
    path = Path(word)
    if not path.is_file():
        raise UsageError(f"--fleet: {word} is neither an address nor a file; name {WORDS}")
    return FleetWord(scheduler_file=path)


def _processes(word: str) -> int:
    number = word.removeprefix(LOCAL).removeprefix(":")
    if not number.isdecimal() or not 1 <= int(number) <= MOST_LOCAL:
        raise UsageError(
            f"--fleet: {word} must say how many processes, from 1 to {MOST_LOCAL}: {LOCAL}:4"
        )
    return int(number)


def _address(word: str, where: str) -> str:
    match = _ADDRESS.fullmatch(word)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise UsageError(f"{where}: {word} is no scheduler's address; name {WORDS}")
    return re.sub(r"^dask://", "tcp://", word)
