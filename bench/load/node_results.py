"""What a node's workers have said and the coordinator has not taken yet.

Rows, counts and samples become deltas (bench.record.reducer), whose room is bounded however long
nobody asks; where the profile cannot tell the plan beforehand, in a search for capacity, they go as
they are. Rows of attempts that the profile wants recorded stay in a file of the node's meanwhile.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from struct import Struct
from tempfile import TemporaryFile
from typing import IO

from bench.load.frames import Frame, FrameKind, GatheredAttempts, Replan, Start
from bench.load.node_messages import Batch, Gathered, Pull
from bench.model.live import NodeHealth
from bench.model.profile import Profile
from bench.record.reducer import Reducer
from bench.record.row_layout import arrivals_by_variant

BATCH_BYTES = 4 << 20
"""Of what one answer carries, about: a slow coordinator takes one at a time."""
_LENGTH = Struct(">I")


class NodeResults:
    """One batch at a time: the next is made once the coordinator has acknowledged this one."""

    def __init__(self, node: int, workers: int, profile: Profile | None) -> None:
        """node: its number. profile: None for rows as they are."""
        self._node = node
        self._profile = profile
        self._reducer: Reducer | None = None
        self._frames: list[tuple[int, Frame]] = []
        self._offered = [0] * workers
        """By place: arrivals in what was said."""
        self._told = tuple(self._offered)
        """The same in what was batched."""
        self._batch = Batch(0, ())
        self._request_ids: dict[int, list[str]] = {}
        self._attempts: IO[bytes] | None = None
        self._keeps_attempts = profile is not None and profile.record_attempts

    # -- what comes in

    def on_command(self, payload: object) -> None:
        """The plan, or a change of it; the same one may be told for each worker."""
        if self._profile is None:
            return
        if isinstance(payload, Start) and self._reducer is None:
            self._reducer = Reducer(self._node, self._profile, payload.segments)
        elif isinstance(payload, Replan) and self._reducer is not None:
            for segment in payload.segments:
                self._reducer.add_segment(segment)

    def add(self, place: int, frame: Frame) -> None:
        """A worker has said something."""
        if frame.kind is FrameKind.COUNTS:
            self._offered[place] += _arrivals(frame)
        if self._reducer is None or not self._reduce(self._reducer, place, frame):
            self._frames.append((place, frame))

    def _reduce(self, reducer: Reducer, place: int, frame: Frame) -> bool:
        """Whether it went into the deltas, or waits there for its rows."""
        match frame.kind:
            case FrameKind.COUNTS:
                reducer.add_counts(frame.payload)
            case FrameKind.ROWS:
                reducer.add_rows(frame.payload)
                if self._keeps_attempts:
                    self._keep(frame.payload, self._request_ids.pop(place, []))
            case FrameKind.SAMPLES:
                reducer.add_samples(frame.payload)
            case FrameKind.REQUEST_IDS:
                self._request_ids[place] = frame.payload
            case _:
                return False
        return True

    # -- what goes out

    @property
    def has_news(self) -> bool:
        """Whether a batch would have anything in it."""
        return bool(self._frames) or (self._reducer is not None and not self._reducer.is_told)

    def batch(self, pull: Pull, health: NodeHealth) -> Batch:
        """The next batch, or the same again while it is not acknowledged."""
        if pull.batch < self._batch.number:
            return self._batch
        deltas: list[bytes] = []
        frames = tuple(self._taken_frames())
        more = bool(self._frames)
        if self._reducer is not None:
            self._reducer.acknowledge(pull.delta)
            deltas = self._reducer.take()
            if self._reducer.backlog_bytes:
                more = True
            else:
                self._told = tuple(self._offered)
        self._batch = Batch(
            self._batch.number + 1,
            frames,
            tuple(deltas),
            self._told,
            more,
            health,
        )
        return self._batch

    def _taken_frames(self) -> Iterator[tuple[int, Frame]]:
        size = taken = 0
        for _, frame in self._frames:
            if size > BATCH_BYTES:
                break
            taken += 1
            size += len(frame.payload) if isinstance(frame.payload, bytes) else 0
        frames, self._frames = self._frames[:taken], self._frames[taken:]
        told = list(self._told)
        for place, frame in frames:
            if frame.kind is FrameKind.COUNTS:
                told[place] += _arrivals(frame)
        self._told = tuple(told)
        return iter(frames)

    # -- attempts

    def _keep(self, rows: bytes, request_ids: list[str]) -> None:
        if self._attempts is None:
            self._attempts = TemporaryFile(prefix="lamload-attempts-")  # noqa: SIM115
        kept = pickle.dumps(GatheredAttempts(rows, tuple(request_ids)), protocol=5)
        self._attempts.seek(0, 2)
        self._attempts.write(_LENGTH.pack(len(kept)) + kept)

    def gather(self, position: int) -> Gathered:
        """Attempts from a position on, some megabytes at a time; 0 is the first."""
        file, found, size = self._attempts, [], 0
        if file is None:
            return Gathered((), None)
        file.seek(position)
        while size < BATCH_BYTES and (head := file.read(_LENGTH.size)):
            kept = file.read(_LENGTH.unpack(head)[0])
            found.append(pickle.loads(kept))
            size += len(kept)
        return Gathered(tuple(found), file.tell() if size >= BATCH_BYTES else None)

    def close(self) -> None:
        """Forget the attempts, whose file goes with that."""
        if self._attempts is not None:
            self._attempts.close()


def _arrivals(counts: Frame) -> int:
    return sum(arrivals_by_variant(counts.payload).values())
