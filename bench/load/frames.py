"""What travels between coordinator and worker: length-prefixed frames on two pipes.

A frame is u32 length of the payload, u8 kind, payload; big-endian. Bulk kinds carry packed rows
(bench.record.row_layout), the others a pickled dataclass. Both ends are the same program started by
the same user, so pickle's trust in its sender is in place.

The first frame of a worker is HELLO, whose payload is the version of all this as u16. Head and
HELLO stay as they are in every version, so that two versions can tell that they are two.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import TYPE_CHECKING, Any

from bench.errors import LamloadError
from bench.load.iterations import Iterations
from bench.model.load import Binding, Segment
from bench.model.profile import Client, LoadSpec, Scheduling, Target

if TYPE_CHECKING:
    from bench.aws.credentials import Credentials

VERSION = 7
"""Of kinds, payloads and packed rows: one more whenever any of them changes."""

_HEAD = Struct(">IB")
_HELLO = Struct(">H")


class FrameKind(IntEnum):
    """What a frame carries: commands below HELLO, what workers say from there on.

    USED_UP: when the last arrival was that the quota let in, then when its last answer was there.
    KEEP: somebody still wants the load; for workers with a lease. CLOCK: by how many ns the run's
    zero is later on the worker's clock than its START said, as far as that is known by now; for
    workers of a node.

    A fleet of nodes says more in a worker's name. UNSENT: counts of arrivals, packed as those of
    COUNTS, that were the share of a worker of a lost node. NODE: a NodeHealth. NOTE: a FleetNote.
    REPORTS: deltas in place of rows, counts and samples. ATTEMPTS: rows that are in deltas already.

    CALL and ANSWER are a node's own: see bench.load.node_messages.
    """

    ORDER = 1
    START = 2
    REPLAN = 3
    DRAIN = 4
    ABORT = 5
    CREDENTIALS = 6
    KEEP = 7
    CLOCK = 8
    HELLO = 9
    READY = 10
    COUNTS = 11
    ROWS = 12
    SAMPLES = 13
    REQUEST_IDS = 14
    HEALTH = 15
    USED_UP = 18
    DONE = 16
    FAILED = 17
    UNSENT = 19
    NODE = 20
    NOTE = 21
    CALL = 22
    ANSWER = 23
    REPORTS = 24
    ATTEMPTS = 25


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. payload is bytes for bulk kinds, else what was pickled."""

    kind: FrameKind
    payload: Any


_BULK = frozenset(
    {
        FrameKind.HELLO,
        FrameKind.COUNTS,
        FrameKind.ROWS,
        FrameKind.UNSENT,
        FrameKind.CALL,
        FrameKind.ANSWER,
    }
)


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """All that a worker needs to know; the first frame to it."""

    worker: int
    workers: int
    target: Target
    bindings: tuple[Binding, ...]
    clients: tuple[Client, ...]
    """How each binding's variant is called."""
    load: LoadSpec
    credentials: Credentials | None = None
    keep_request_ids: bool = False
    quota: Iterations | None = None
    descriptors: int = 0
    """File descriptors that the worker may need: it raises its own soft limit as far."""
    lease_ns: int = 0
    """It aborts its load once it has heard nothing for so long; 0: it waits for the pipe's end."""
    wall_ahead_s: int = 0
    """By how much this system's time of day is ahead of the one by which requests are signed."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a worker got of what it had to ask the system for; the payload of READY."""

    scheduling: Scheduling
    """Never AUTO."""
    remedy: str = ""
    """What would grant a real-time class on its machine; '' where it has one, or none was asked
    for."""


@dataclass(frozen=True, slots=True)
class Start:
    """Begin: start_ns on the CLOCK_MONOTONIC of the worker's machine is zero of the run.

    Without finish, wait for a replan after the last segment.
    """

    start_ns: int
    segments: tuple[Segment, ...]
    finish: bool = True


@dataclass(frozen=True, slots=True)
class Replan:
    """From at_ns (of the run) on, follow segments; without finish, wait for another replan."""

    at_ns: int
    segments: tuple[Segment, ...]
    finish: bool


@dataclass(frozen=True, slots=True)
class FleetNote:
    """What a fleet has to tell of itself: an event of the run."""

    kind: str
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reports:
    """Encoded deltas of nodes, in order; whoever has merged them says so to `taken`."""

    deltas: tuple[bytes, ...]
    taken: Callable[[Callable[[int], int]], None]
    """To be called with what tells, by a node's number, up to which of its own it may forget."""


@dataclass(frozen=True, slots=True)
class GatheredAttempts:
    """Rows of attempts that stayed on a node while it ran, packed, and a request id for each."""

    rows: bytes
    request_ids: tuple[str, ...] = ()


def encode(kind: FrameKind, payload: Any = None) -> bytes:
    """A frame as bytes: length and kind, then the payload, pickled unless it is bulk."""
    body = payload if kind in _BULK else pickle.dumps(payload, protocol=5)
    return _HEAD.pack(len(body), kind) + body


def hello(version: int = VERSION) -> bytes:
    """The payload of a worker's first frame."""
    return _HELLO.pack(version)


def check_hello(worker: int, frame: Frame) -> None:
    """Raises LamloadError if a worker's first frame is not the HELLO of this version."""
    theirs = _HELLO.unpack(frame.payload)[0] if frame.kind is FrameKind.HELLO else 0
    if theirs != VERSION:
        raise LamloadError(
            f"engine worker {worker} speaks {f'version {theirs}' if theirs else 'no version'} of "
            f"the frames and this side version {VERSION}: install the same lamload on both"
        )


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame, or None at the end of the stream, also if it ends within a frame."""
    try:
        length, kind = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None
    kind = FrameKind(kind)
    return Frame(kind, body if kind in _BULK else pickle.loads(body))
