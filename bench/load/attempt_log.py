"""What a worker has to tell of attempts: a row of numbers for each, some failures in words.

It is on every invocation's way: a row is packed in one call, and nothing else is kept of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.model.outcome import Answer, Outcome
from bench.model.result import Sample
from bench.model.times import NEVER, NS_PER_MS
from bench.record.row_layout import (
    FLAG_CENSORED,
    FLAG_COLD,
    FLAG_FINAL,
    PAYLOAD_SHIFT,
    RowBuffer,
    pack_row,
)

if TYPE_CHECKING:
    from bench.endpoints.base import Endpoint
    from bench.load.call import Call

_TIMEOUT = Outcome.TIMEOUT
"""Members of an Enum are found slowly."""
SAMPLES_PER_KIND = 5
"""Failed attempts kept for the eye, per variant, outcome and shipment."""


class AttemptLog:
    """Rows, samples and request ids since the last `drain`. Instants in them are of the run."""

    __slots__ = (
        "_add_row",
        "_endpoints",
        "_request_ids",
        "_rows",
        "_sample_counts",
        "_samples",
    )

    def __init__(self, endpoints: Sequence[Endpoint], keep_request_ids: bool) -> None:
        """endpoints: by variant; they know where an answer has its request id."""
        self._endpoints = endpoints
        self._rows = RowBuffer()
        self._add_row = self._rows.add
        self._samples: list[Sample] = []
        self._request_ids: list[str] | None = [] if keep_request_ids else None
        self._sample_counts: dict[tuple[int, int], int] = {}

    def drain(self) -> tuple[bytes, list[Sample], list[str]]:
        """Packed rows, samples, and a request id per row if those are kept."""
        self._sample_counts.clear()
        samples, self._samples = self._samples, []
        ids: list[str] = []
        if self._request_ids is not None:
            ids, self._request_ids = self._request_ids, []
        return self._rows.drain(), samples, ids

    def record(self, call: Call, answer: Answer, final: bool) -> None:
        """Keep the row of an attempt that has ended; final: its invocation has ended with it."""
        outcome, report = answer.outcome, answer.report
        start_ns = call.start_ns
        sent_ns, first_ns, attempt = call.sent_ns, call.first_ns, call.attempt
        flags = call.payload << PAYLOAD_SHIFT | call.marks | (FLAG_FINAL if final else 0)
        if outcome is _TIMEOUT:
            flags |= FLAG_CENSORED
        duration_ns = init_ns = restore_ns = billed_ms = memory_mb = NEVER
        if report is not None:
            duration_ns, billed_ms = round(report.duration_ms * NS_PER_MS), report.billed_ms
            memory_mb = NEVER if report.max_memory_mb is None else report.max_memory_mb
            if report.is_cold:
                init_ns, restore_ns = _span_ns(report.init_ms), _span_ns(report.restore_ms)
                flags |= FLAG_COLD
        add = self._add_row
        add(
            pack_row(
                call.intended_ns,
                sent_ns - start_ns if sent_ns >= 0 else NEVER,
                first_ns - start_ns if first_ns >= 0 else NEVER,
                call.last_ns - start_ns,
                call.dns_ns,
                call.connect_ns,
                call.tls_ns,
                duration_ns,
                init_ns,
                restore_ns,
                call.read_lag_ns,
                billed_ms,
                memory_mb,
                call.variant,
                call.segment,
                call.status,
                attempt if attempt < 255 else 255,
                outcome,
                flags,
            )
        )
        if self._request_ids is not None:
            self._request_ids.append(self.request_id(call, answer))

    def request_id(self, call: Call, answer: Answer) -> str:
        """What the answer says of itself, or what stands in its head; empty for neither."""
        return answer.request_id or self._endpoints[call.variant].request_id(call.head)

    def sample(self, call: Call, answer: Answer) -> None:
        """Keep a failed attempt in words, if there are few of its kind in this shipment."""
        outcome = answer.outcome
        key = (call.variant, outcome)
        seen = self._sample_counts[key] = self._sample_counts.get(key, 0) + 1
        if seen <= SAMPLES_PER_KIND:
            t_ns = call.last_ns - call.start_ns
            self._samples.append(
                Sample(
                    t_ns,
                    str(call.variant),
                    outcome,
                    call.status,
                    call.attempt,
                    self.request_id(call, answer),
                    answer.detail,
                )
            )


def _span_ns(span_ms: float | None) -> int:
    return NEVER if span_ms is None else round(span_ms * NS_PER_MS)
