"""A target that keeps its own log: `python -m tests.cluster.target HOST PORT LOG`.

A line for each request that it has read whole: the instant (ns of CLOCK_MONOTONIC), the caller's
address, the request id that its answer carries, which is the line's number, and the path.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from time import monotonic_ns
from typing import NamedTuple


class Served(NamedTuple):
    """One line of the log."""

    at_ns: int
    caller: str
    request_id: str
    path: str


class Target:
    """Answers every request with 200."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("a", encoding="utf-8", buffering=1)
        self._number = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until its caller closes it."""
        caller = writer.get_extra_info("peername")[0]
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(_length(head))
                self._number += 1
                path = head.split(b" ", 2)[1].decode()
                self._log.write(f"{monotonic_ns()} {caller} r{self._number} {path}\n")
                answer = f"HTTP/1.1 200 OK\r\nx-amzn-requestid: r{self._number}\r\n"
                writer.write(answer.encode() + b"content-length: 2\r\n\r\nok")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def read_log(log: Path, path: str, since: int = 0) -> list[Served]:
    """Whole lines of the log from a byte of it on, with requests to a path.

    What an earlier run had under way when it was cut off may come long after its end.
    """
    with log.open("rb") as file:
        file.seek(since)
        lines = file.read().rpartition(b"\n")[0].decode().splitlines()
    found = [Served(int(at), *words) for at, *words in map(str.split, lines)]
    return [one for one in found if one.path == path]


async def _main(host: str, port: str, log: str) -> None:
    server = await asyncio.start_server(Target(Path(log)).serve, host, int(port), backlog=1024)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
