"""What the benchmark of the engine sends is what its table says."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench.payloads.source import event_source
from tests.benchmarks import peers
from tests.benchmarks.ours import Called
from tests.wire.rawserver import Script, answering, raw_server


def test_signed_invocations_of_the_benchmark_have_a_payload_each() -> None:
    client = Called.signed("https://127.0.0.1:1", Path("ca.pem")).client

    source = event_source(client.events, 0)

    assert len({bytes(source.next(number)) for number in range(100)}) == 100
    assert not source.constant


async def bare_client(script: Script) -> tuple[str, str]:
    """What the client that makes system calls alone prints: how many answers came, or a reason."""
    async with raw_server(script) as origin:
        program = Path(peers.__file__).with_name("system_calls.py")
        command = [sys.executable, str(program), f"{origin}/", "2", "0.2"]
        piped = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdout=piped, stderr=piped)
        said, reason = await process.communicate()
    return said.decode(), reason.decode()


async def test_the_client_of_system_calls_alone_counts_its_answers() -> None:
    said, _ = await bare_client(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    assert int(said) > 2


async def test_the_client_of_system_calls_alone_takes_no_other_answers_for_the_same() -> None:
    other = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
    said, reason = await bare_client(answering(b"HTTP/1.1 200 OK\r\n\r\n", other))
    assert not said
    assert "bytes instead of" in reason
