"""What Lambda writes around a function's own output: START, END and REPORT, as text or JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.lambda_facts import LOG_TAIL_BYTES


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """The figures of one invocation as REPORT tells them.

    status: `success`, `error` or `timeout`; error_type only beside `error`. told: whether REPORT
    names the status in its text form: it does when the runtime failed, not when a handler raised.
    """

    request_id: str
    version: str
    memory_mb: int
    duration_ms: float
    max_memory_mb: int
    init_ms: float | None = None
    status: str = "success"
    error_type: str = ""
    told: bool = False

    @property
    def billed_ms(self) -> int:
        """Duration and init together, rounded up: since August 2025 init is billed everywhere."""
        return math.ceil(round(round(self.duration_ms, 2) + round(self.init_ms or 0.0, 2), 2))


def invocation_log(
    figures: ReportFigures, output: bytes, log_format: str, init_output: bytes = b""
) -> bytes:
    """The whole log of one invocation, in the order of CloudWatch."""
    start, end = _json_lines(figures) if log_format == "JSON" else _text_lines(figures)
    if output and not output.endswith(b"\n"):
        output += b"\n"
    return b"".join((init_output, start.encode(), output, end.encode()))


def tail(log: bytes) -> bytes:
    """The last 4 KB, as Lambda gives them with LogType Tail."""
    return log[-LOG_TAIL_BYTES:]


def init_report(init_ms: float, phase: str, status: str, error_type: str = "") -> bytes:
    """The line about an init that failed. phase is `init`, or `invoke` for its second chance."""
    cause = f"\tError Type: {error_type}" if error_type else ""
    return (
        f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: {phase}\tStatus: {status}{cause}\n"
    ).encode()


def timestamp() -> str:
    """UTC with milliseconds, as the platform's log lines have it."""
    now = datetime.now(UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def _text_lines(figures: ReportFigures) -> tuple[str, str]:
    init = "" if figures.init_ms is None else f"Init Duration: {figures.init_ms:.2f} ms\t"
    status = f"Status: {figures.status}\t" if figures.told else ""
    cause = (
        f"Error Type: {figures.error_type}\t" if figures.told and figures.status == "error" else ""
    )
    return (
        f"START RequestId: {figures.request_id} Version: {figures.version}\n",
        f"END RequestId: {figures.request_id}\n"
        f"REPORT RequestId: {figures.request_id}\tDuration: {figures.duration_ms:.2f} ms\t"
        f"Billed Duration: {figures.billed_ms} ms\tMemory Size: {figures.memory_mb} MB\t"
        f"Max Memory Used: {figures.max_memory_mb} MB\t{init}{status}{cause}\n",
    )


def _json_lines(figures: ReportFigures) -> tuple[str, str]:
    metrics: dict[str, float | int] = {
        "durationMs": round(figures.duration_ms, 3),
        "billedDurationMs": figures.billed_ms,
        "memorySizeMB": figures.memory_mb,
        "maxMemoryUsedMB": figures.max_memory_mb,
    }
    if figures.init_ms is not None:
        metrics["initDurationMs"] = round(figures.init_ms, 3)
    record: dict[str, object] = {"requestId": figures.request_id, "metrics": metrics}
    record["status"] = figures.status
    if figures.status == "error":
        record["errorType"] = figures.error_type
    return (
        _event("platform.start", {"requestId": figures.request_id, "version": figures.version}),
        _event("platform.report", record),
    )


def _event(kind: str, record: dict[str, object]) -> str:
    return json.dumps({"time": timestamp(), "type": kind, "record": record}) + "\n"
