"""aiohttp's client as a closed loop: URL, connections, seconds. Prints the number of requests."""

from __future__ import annotations

import asyncio
import sys
from time import monotonic

import aiohttp


async def main(url: str, connections: int, seconds: float) -> int:
    done = 0
    until = monotonic() + seconds
    connector = aiohttp.TCPConnector(limit=connections)

    async def caller(session: aiohttp.ClientSession) -> None:
        nonlocal done
        while monotonic() < until:
            async with session.post(url, data=b"{}") as answer:
                await answer.read()
            done += 1

    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(caller(session) for _ in range(connections)))
    return done


if __name__ == "__main__":
    import uvloop

    print(uvloop.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
