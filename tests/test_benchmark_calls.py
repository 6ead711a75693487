"""What the benchmark of the engine sends is what its table says."""

from __future__ import annotations

from pathlib import Path

from bench.payloads.source import event_source
from tests.benchmarks.ours import Called


def test_signed_invocations_of_the_benchmark_have_a_payload_each() -> None:
    client = Called.signed("https://127.0.0.1:1", Path("ca.pem")).client

    source = event_source(client.events, 0)

    assert len({bytes(source.next(number)) for number in range(100)}) == 100
    assert not source.constant
