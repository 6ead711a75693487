"""One call as it went out and came back."""

from __future__ import annotations

from dataclasses import dataclass

from bench.model.outcome import Answer
from bench.model.profile import Variant


@dataclass(frozen=True, slots=True)
class Spans:
    """Where an attempt's time went, in nanoseconds; None where that did not happen.

    first_byte and whole count from the first byte sent, the others are what came before it.
    """

    dns_ns: int | None
    connect_ns: int | None
    tls_ns: int | None
    first_byte_ns: int | None
    whole_ns: int | None


@dataclass(frozen=True, slots=True)
class SingleCall:
    """A call as it went out and came back. command is what was started in place of a request."""

    variant: Variant
    request: bytes
    command: tuple[str, ...]
    status: int
    head: bytes
    body: bytes
    answer: Answer
    request_id: str
    spans: Spans
    region: str | None
