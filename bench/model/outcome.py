"""How attempts, invocations and runs can end, and what an endpoint read of one answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Outcome(IntEnum):
    """How an attempt, or the invocation as a whole, ended. The order is that of the CSV columns."""

    OK = 0
    FUNCTION_ERROR = 1
    THROTTLED = 2
    SERVER_ERROR = 3
    CLIENT_ERROR = 4
    TIMEOUT = 5
    CONNECT_ERROR = 6
    PROTOCOL_ERROR = 7
    REJECTED = 8
    """Never sent: the circuit breaker was open."""


class Verdict(StrEnum):
    """How far the numbers of a run or variant can be believed; worse ones compare by `severity`."""

    VALID = "VALID"
    SUSPECT = "SUSPECT"
    INVALID = "INVALID"

    @property
    def severity(self) -> int:
        """0 for VALID, 1 for SUSPECT, 2 for INVALID."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding of the validity check, with its figures in the text."""

    verdict: Verdict
    text: str
    variant: str | None = None
    """Name of the variant concerned, or None for the whole run."""
    generator: bool = False
    """True where the load generator itself is the bottleneck."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the function's REPORT line (or its JSON form) told. Absent fields are None."""

    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    max_memory_mb: int | None = None
    init_ms: float | None = None
    restore_ms: float | None = None
    billed_restore_ms: int | None = None
    status: str = "success"
    error_type: str | None = None

    @property
    def is_cold(self) -> bool:
        """Whether the environment was made, or restored from a snapshot, for this invocation.

        REPORT has an Init Duration, or with SnapStart a Restore Duration, only then.
        """
        return self.init_ms is not None or self.restore_ms is not None


@dataclass(frozen=True, slots=True)
class Hint:
    """How long the server asks to wait before the next attempt.

    of_sdk: by `x-amz-retry-after`, the one hint that AWS SDKs heed.
    """

    delay_ns: int
    of_sdk: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint made of one response."""

    outcome: Outcome
    report: Report | None = None
    hint: Hint | None = None
    request_id: str = ""
    detail: str = ""
    """For failures: error type and message, shortened to one line."""
