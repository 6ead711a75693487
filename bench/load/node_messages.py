"""What a coordinator and a node say to each other: one asks, the other answers.

A question and its answer are bytes, pickled, so that whatever carries bytes can carry them: the
pipes of a process (bench.load.node_process), or a call of a Dask actor. Pickle's trust in its
sender is in place there: both give whoever reaches them the right to run code.

Every answer has the instants at which the question was heard and the answer said by the node's
clock, and so each is an exchange of bench.load.clock_offset.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from bench.load.frames import Frame, FrameKind, GatheredAttempts, WorkOrder
from bench.model.live import NodeHealth
from bench.model.profile import Profile, Target, Variant
from bench.model.times import NS_PER_S

LEASE_NS = 30 * NS_PER_S
"""A node that nobody has asked anything for as long ends, and its load with it."""


class Verb(IntEnum):
    """What a node can be asked.

    HELLO: versions, as plain values, and the token. HOST: what the machine can bear. CLOCK: the
    time alone. SHIP: keep a piece of a file. ORDER: bring up engine workers, and send nothing.
    TELL: commands to them. PULL: what they have said. CLOSE: end. TARGET: start an embedded Lambda
    here. EXPECT: when its variants have their turns. STATISTICS: what it has counted. GATHER: rows
    of attempts that stayed here, from a position on. TRIAL: a moment of load against itself.
    """

    HELLO = 1
    HOST = 2
    CLOCK = 3
    SHIP = 4
    ORDER = 5
    TELL = 6
    PULL = 7
    CLOSE = 8
    TARGET = 9
    EXPECT = 10
    STATISTICS = 11
    GATHER = 12
    TRIAL = 13


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node answers; error is '' unless it refuses, in words."""

    heard_ns: int
    said_ns: int
    payload: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that a node keeps for its workers, in order from the first."""

    sha256: str
    """Of the whole file: its name on the node."""
    suffix: str
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Orders:
    """A node's workers; their numbers are those of the whole fleet."""

    orders: tuple[WorkOrder, ...]
    resolve_credentials: bool = False
    """The node finds credentials of its own to sign with."""
    shipped: Mapping[str, str] = field(default_factory=dict)
    """By a path of the coordinator's: the SHA-256 of the file that was shipped."""
    profile: Profile | None = None
    """What deltas are told by; None: rows go to the coordinator as they are."""
    node: int = 0
    """Its number in the fleet."""
    wall_ahead_s: int = 0
    """By how much its time of day is ahead of the coordinator's, by which requests are signed."""


@dataclass(frozen=True, slots=True)
class Pull:
    """A question for more: the number of the batch that has come, and of the latest delta that
    was merged."""

    batch: int = 0
    delta: int = 0


@dataclass(frozen=True, slots=True)
class Gathered:
    """Attempts from a position on, and the next position; None: that was all."""

    attempts: tuple[GatheredAttempts, ...]
    position: int | None


@dataclass(frozen=True, slots=True)
class TargetOrder:
    """An embedded Lambda to be started on a node."""

    target: Target
    variants: tuple[Variant, ...]
    folders: Mapping[str, str]
    """By a variant's short name for a function: its folder, or the bundled one's name."""
    shipped: Mapping[str, str]
    """By a folder of the coordinator's: the SHA-256 of its archive, which was shipped."""


@dataclass(frozen=True, slots=True)
class Told:
    """A command to one of a node's workers, by its place among them."""

    place: int
    kind: FrameKind
    payload: Any = None


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands numbered from `first` on: a node carries each number out once, however often it is
    told.

    A START among them has to bring the token of this very process, which is used up with it: what
    is delivered twice, or to a node that was started again, begins no load.
    """

    first: int
    commands: tuple[Told, ...]
    token: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a node's workers have said; kept by the node until its number is acknowledged."""

    number: int
    frames: tuple[tuple[int, Frame], ...]
    """(place, frame)."""
    deltas: tuple[bytes, ...] = ()
    offered: tuple[int, ...] = ()
    """By place: arrivals that are in the counts or deltas up to and with this batch."""
    more: bool = False
    """There is more than this batch had room for."""
    health: NodeHealth | None = None


@dataclass(frozen=True, slots=True)
class Unseen:
    """A question on its way through what may log its arguments, as Dask does: it can hold keys."""

    content: bytes = field(repr=False)


def content_of(question: bytes | Unseen) -> bytes:
    """The question's bytes, however they came."""
    return question.content if isinstance(question, Unseen) else question


def question(verb: Verb, payload: Any = None) -> bytes:
    """A question as bytes, verb and payload."""
    return pickle.dumps((int(verb), payload), protocol=5)


def read_question(raw: bytes) -> tuple[Verb, Any]:
    """A question from its bytes."""
    verb, payload = pickle.loads(raw)
    return Verb(verb), payload


def answer(said: Answer) -> bytes:
    """An answer as bytes; plain values, so that another version can read whose it is."""
    return pickle.dumps((said.heard_ns, said.said_ns, said.payload, said.error), protocol=5)


def read_answer(raw: bytes) -> Answer:
    """An answer from its bytes."""
    return Answer(*pickle.loads(raw))
