"""Machines on a switch: network namespaces, each with a link that can be pulled out.

The switch is a bridge in a namespace of its own, so that the system's network stays as it is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_NUMBERS = count()
_NOWHERE = ("lladdr", "02:00:00:00:00:00", "nud", "permanent")
"""A neighbour whose address no machine has: frames to it leave, and are lost."""


class Network:
    """Machines by name; each gets the next address of 10.77.0.0/24."""

    def __init__(self) -> None:
        self._prefix = f"lamload-{os.getpid()}-{next(_NUMBERS)}"
        self._switch = f"{self._prefix}-switch"
        self._addresses: dict[str, str] = {}

    def open(self) -> None:
        """Raises CalledProcessError where namespaces cannot be made."""
        _ip("netns", "add", self._switch)
        self._at_switch("link", "add", "br0", "type", "bridge")
        self._at_switch("link", "set", "br0", "up")

    def add(self, name: str) -> str:
        """A machine on the switch: its address."""
        space, port = self.space(name), f"p{len(self._addresses)}"
        address = f"10.77.0.{len(self._addresses) + 1}"
        _ip("netns", "add", space)
        self._addresses[name] = address
        self._at_switch("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
        self._at_switch("link", "set", port, "master", "br0", "up")
        for words in ("link set lo up", f"addr add {address}/24 dev eth0", "link set eth0 up"):
            _ip("-n", space, *words.split())
        return address

    def space(self, name: str) -> str:
        """The namespace of a machine, as `ip netns` calls it."""
        return f"{self._prefix}-{name}"

    def address(self, name: str) -> str:
        """Of a machine."""
        return self._addresses[name]

    def pull_out(self, name: str) -> None:
        """Its cable: nobody is told, packets are lost."""
        self._at_switch("link", "set", self._port(name), "down")

    def plug_in(self, name: str) -> None:
        """The cable again."""
        self._at_switch("link", "set", self._port(name), "up")

    def part(self, one: str, other: str) -> None:
        """Lose every packet between two machines, and no others; nobody is told."""
        for machine, far in ((one, other), (other, one)):
            _ip("-n", self.space(machine), *_neighbour("replace", self.address(far)), *_NOWHERE)

    def join(self, one: str, other: str) -> None:
        """The way between two that were parted again."""
        for machine, far in ((one, other), (other, one)):
            _ip("-n", self.space(machine), *_neighbour("del", self.address(far)))

    def pids(self, name: str) -> list[int]:
        """Processes that run on a machine."""
        return [int(pid) for pid in _ip("netns", "pids", self.space(name)).split()]

    def close(self) -> None:
        """Kill what runs on the machines and remove them."""
        for name in self._addresses:
            for pid in self.pids(name):
                _kill(pid)
        for space in (*map(self.space, self._addresses), self._switch):
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)

    def _port(self, name: str) -> str:
        return f"p{list(self._addresses).index(name)}"

    def _at_switch(self, *words: str) -> None:
        _ip("-n", self._switch, *words)


@contextmanager
def network() -> Iterator[Network]:
    """An empty one, and nothing of it afterwards."""
    made = Network()
    try:
        made.open()
        yield made
    finally:
        made.close()


def _neighbour(verb: str, address: str) -> tuple[str, ...]:
    return ("neigh", verb, address, "dev", "eth0")


def is_possible() -> bool:
    """Whether this system lets us make network and time namespaces."""
    if not (shutil.which("ip") and shutil.which("unshare") and Path("/proc/self/ns/time").exists()):
        return False
    return (
        subprocess.run(["unshare", "--net", "--time", "true"], capture_output=True).returncode == 0
    )


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
