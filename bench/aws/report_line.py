"""What Lambda says of an invocation itself: the REPORT line, as text or as JSON.

Text fields are read in any order, tab- or space-separated: `Duration:` is also the end of the names
of three other fields, so names are matched whole, longest first. Nothing here raises, whatever the
function printed into its log. Formats: AWS-validated snapshots; the developer guide's log formats.
"""

from __future__ import annotations

import json
import math
import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import Any

from bench.model.outcome import Report

_TEXT_MARK = b"REPORT RequestId:"
_JSON_MARK = b'"platform.report"'
_FIELD = re.compile(
    r"(?<!\w)(Billed Restore Duration|Restore Duration|Billed Duration|Init Duration|Duration"
    r"|Max Memory Used|Memory Size|Status|Error Type|REPORT RequestId|RequestId):\s*([^\s,;]+)"
)
_LONGEST_MS = 86_400_000.0
"""A day: far beyond Lambda's 900 s. What claims more is not a REPORT."""
_LARGEST_MB = 1_000_000
_TAIL_CHARS = 1024
"""Base64 that surely holds the last line of a log without X-Ray's; a multiple of four."""


def parse_log_result(encoded: bytes) -> Report | None:
    """The REPORT in an `X-Amz-Log-Result` header: base64 of the last 4 KB of the log."""
    if len(encoded) > _TAIL_CHARS and len(encoded) % 4 == 0:
        report = parse_report(_decoded(encoded[-_TAIL_CHARS:]))
        if report is not None:
            return report
    return parse_report(_decoded(encoded))


def parse_report(log: bytes | str) -> Report | None:
    """The last REPORT in a log, or None where there is none that makes sense.

    Billed Duration, if absent, follows from the rest: ceil(Duration + Init Duration), or with
    SnapStart ceil(Duration + Billed Restore Duration); a memory size that is absent is 0. Both
    happen only in lines that a function writes itself.
    """
    data = log.encode("utf-8", "replace") if isinstance(log, str) else log
    text_at, json_at = data.rfind(_TEXT_MARK), data.rfind(_JSON_MARK)
    if text_at >= json_at:
        return None if text_at < 0 else _from_text(_line(data, text_at))
    start = data.rfind(b"\n", 0, json_at) + 1
    return _from_json(_line(data, start))


def parse_timing_header(value: bytes) -> Report | None:
    """A REPORT in a response header, text (`REPORT RequestId:` may be left out) or JSON."""
    line = value.decode("latin-1")
    return _from_json(line) if line.startswith("{") else _from_text(line)


def _decoded(encoded: bytes) -> bytes:
    try:
        return a2b_base64(encoded)
    except Base64Error:
        return b""


def _line(data: bytes, start: int) -> str:
    end = data.find(b"\n", start)
    return data[start : end if end >= 0 else None].decode("utf-8", "replace")


def _from_text(line: str) -> Report | None:
    fields: dict[str, str] = dict(_FIELD.findall(line))
    try:
        return _report(
            request_id=fields.get("REPORT RequestId") or fields.get("RequestId", ""),
            duration_ms=fields["Duration"],
            billed_ms=fields.get("Billed Duration"),
            memory_mb=fields.get("Memory Size", 0),
            max_memory_mb=fields.get("Max Memory Used"),
            init_ms=fields.get("Init Duration"),
            restore_ms=fields.get("Restore Duration"),
            billed_restore_ms=fields.get("Billed Restore Duration"),
            status=fields.get("Status", "success"),
            error_type=fields.get("Error Type"),
        )
    except (KeyError, ValueError, OverflowError):
        return None


def _from_json(line: str) -> Report | None:
    try:
        record = json.loads(line)["record"]
        metrics = record["metrics"]
        return _report(
            request_id=record.get("requestId", ""),
            duration_ms=metrics["durationMs"],
            billed_ms=metrics.get("billedDurationMs"),
            memory_mb=metrics.get("memorySizeMB", 0),
            max_memory_mb=metrics.get("maxMemoryUsedMB"),
            init_ms=metrics.get("initDurationMs"),
            restore_ms=metrics.get("restoreDurationMs"),
            billed_restore_ms=metrics.get("billedRestoreDurationMs"),
            status=record.get("status") or "success",
            error_type=record.get("errorType"),
        )
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _report(
    *,
    request_id: Any,
    duration_ms: Any,
    billed_ms: Any,
    memory_mb: Any,
    max_memory_mb: Any,
    init_ms: Any,
    restore_ms: Any,
    billed_restore_ms: Any,
    status: Any,
    error_type: Any,
) -> Report:
    duration = _ms(duration_ms)
    init = None if init_ms is None else _ms(init_ms)
    billed_restore = None if billed_restore_ms is None else math.ceil(_ms(billed_restore_ms))
    if billed_ms is None:
        billed_ms = math.ceil(round(duration + (billed_restore or init or 0), 3))
    return Report(
        request_id=str(request_id),
        duration_ms=duration,
        billed_ms=math.ceil(_ms(billed_ms)),
        memory_mb=_mb(memory_mb),
        max_memory_mb=None if max_memory_mb is None else _mb(max_memory_mb),
        init_ms=init,
        restore_ms=None if restore_ms is None else _ms(restore_ms),
        billed_restore_ms=billed_restore,
        status=str(status),
        error_type=None if error_type is None else str(error_type),
    )


def _ms(value: Any) -> float:
    number = float(value)
    if not 0 <= number <= _LONGEST_MS:
        raise ValueError("not a time that an invocation can take")
    return number


def _mb(value: Any) -> int:
    number = int(float(value))
    if not 0 <= number <= _LARGEST_MB:
        raise ValueError("not a memory size")
    return number
