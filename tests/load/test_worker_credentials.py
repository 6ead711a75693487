"""A worker is given new credentials while it runs: whatever it signs or starts next has them."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from bench.aws.credentials import Credentials
from bench.load.frames import Frame, FrameKind
from bench.load.worker import Worker
from bench.model.endpoint import EndpointKind
from bench.model.load import Binding
from bench.model.profile import Client, Timeouts, Variant
from tests.load.fleets.orders import order
from tests.wire.test_pool import Probe

NOWHERE = "http://127.0.0.1:1"
OLD, NEW = Credentials("AKIDOLD", "secret", "old-token"), Credentials("AKIDNEW", "secret", None)
CLI = """#!/bin/sh
printf '%s' "$AWS_ACCESS_KEY_ID $AWS_SESSION_TOKEN"
"""


class Nobody:
    def is_closing(self) -> bool:
        return True


def order_of(*kinds: EndpointKind) -> Any:
    bindings = tuple(Binding(Variant(kind, 128), NOWHERE, function="f") for kind in kinds)
    made = order(NOWHERE)
    clients = (Client(Timeouts()),) * len(kinds)
    return replace(made, bindings=bindings, clients=clients, credentials=OLD)


async def keys_of_cli(worker: Worker) -> bytes:
    """What the CLI of the only variant finds in its environment."""
    (wire,) = worker._commands.values()
    probe = Probe(b"{}")
    wire.submit(probe)
    await asyncio.wait_for(probe.done, 30)
    return probe.body


async def test_the_next_request_is_signed_with_the_new_ones() -> None:
    worker = Worker(order_of(EndpointKind.INVOKE), cast(Any, Nobody()))
    (endpoint,) = worker._endpoints
    assert b"Credential=AKIDOLD/" in endpoint.request(b"{}", 0)
    worker.obey(Frame(FrameKind.CREDENTIALS, NEW))
    (endpoint,) = worker._engine.endpoints
    assert b"Credential=AKIDNEW/" in endpoint.request(b"{}", 0)
    worker.close()


async def test_the_next_process_of_the_cli_has_the_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "aws").write_text(CLI, "utf-8")
    (tmp_path / "aws").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    worker = Worker(order_of(EndpointKind.CLI), cast(Any, Nobody()))
    assert await keys_of_cli(worker) == b"AKIDOLD old-token"
    worker.obey(Frame(FrameKind.CREDENTIALS, NEW))
    assert await keys_of_cli(worker) == b"AKIDNEW "
    worker.close()
