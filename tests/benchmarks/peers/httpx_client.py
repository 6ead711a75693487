"""httpx's client as a closed loop: URL, connections, seconds. Prints the number of requests."""

from __future__ import annotations

import asyncio
import sys
from time import monotonic

import httpx


async def main(url: str, connections: int, seconds: float) -> int:
    done = 0
    until = monotonic() + seconds
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)

    async def caller(client: httpx.AsyncClient) -> None:
        nonlocal done
        while monotonic() < until:
            await client.post(url, content=b"{}")
            done += 1

    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
        await asyncio.gather(*(caller(client) for _ in range(connections)))
    return done


if __name__ == "__main__":
    import uvloop

    print(uvloop.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
