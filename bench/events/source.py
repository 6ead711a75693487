"""Where payloads come from. Event number i depends on the seed and on i alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from bench.errors import UsageError
from bench.model import EventKind, EventSpec


class EventSource(Protocol):
    """The payloads of a run, by number of invocation over all workers."""

    @property
    def constant(self) -> bool:
        """Whether `next` always returns the same object."""

    def next(self, index: int) -> bytes:
        """Payload of invocation number index, from 0; equal for equal index, whoever asks when."""


class ConstantEvents:
    """The same bytes every time, and the same object: endpoints then keep the whole request."""

    constant = True

    def __init__(self, payload: bytes) -> None:
        self._payload = payload

    def next(self, index: int) -> bytes:
        """The payload."""
        return self._payload


def event_source(
    specs: Sequence[EventSpec], seed: int, base_dir: Path | None = None
) -> EventSource:
    """The source that the specs describe. base_dir is what relative paths start from.

    Raises UsageError for a file that cannot be read or a spec that cannot be carried out.
    """
    if len(specs) != 1:
        raise UsageError("exactly one event source")
    return _SOURCES[specs[0].kind](specs[0], seed, base_dir)


def encode_json(value: Any) -> bytes:
    """A JSON value as an SDK would send it, without spaces."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def read_bytes(path: str | None, base_dir: Path | None) -> bytes:
    """A file's content. Raises UsageError with the path."""
    if path is None:
        raise UsageError("target.event needs a path to a file")
    full = (base_dir or Path()) / path
    try:
        return full.read_bytes()
    except OSError as error:
        raise UsageError(f"{full}: {error.strerror or error}") from None


def _literal(spec: EventSpec, seed: int, base_dir: Path | None) -> EventSource:
    return ConstantEvents(encode_json(spec.value))


def _file(spec: EventSpec, seed: int, base_dir: Path | None) -> EventSource:
    return ConstantEvents(read_bytes(spec.path, base_dir))


_SOURCES: dict[EventKind, Callable[[EventSpec, int, Path | None], EventSource]] = {
    EventKind.LITERAL: _literal,
    EventKind.FILE: _file,
}
