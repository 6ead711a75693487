"""The common part of every front door: what counts as success, and what the headers tell.

A front door passes the function's own HTTP response on. 2xx and 3xx are OK. A status that the
function chose itself counts by its class (a 500 of its own is a SERVER_ERROR, a 404 a
CLIENT_ERROR); FUNCTION_ERROR and THROTTLED are for what Lambda said, as far as the door lets it
through. `explain` of each door tells these apart.

Timings: a door gives no log. A function may return them in a response header,
`x-lamload-report: Duration: 12.5 ms; Billed Duration: 13 ms; Max Memory Used: 60 MB`, with
`Init Duration: … ms` in an environment's first invocation; the embedded Lambda adds it by itself.
"""

from __future__ import annotations

from bench.aws.report_line import parse_timing_header
from bench.endpoints.base import Head
from bench.endpoints.request_template import CompiledEndpoint, CompiledRequest
from bench.endpoints.responses import (
    ALB_REASON,
    CACHE,
    ERROR_TYPE,
    HINTS,
    READABLE_BYTES,
    REPORT,
    REQUEST_IDS,
    excerpt,
    hint_of,
    line_with,
    one_line,
    pick,
    request_id_of,
    status_outcome,
)
from bench.model.outcome import Answer, Outcome

REASONS = {
    b"LambdaThrottling": Outcome.THROTTLED,
    b"LambdaUnhandled": Outcome.FUNCTION_ERROR,
    b"LambdaInvalidResponse": Outcome.FUNCTION_ERROR,
    b"LambdaResponseTooLarge": Outcome.FUNCTION_ERROR,
    b"LambdaRequestTooLarge": Outcome.CLIENT_ERROR,
    b"LambdaBadRequest": Outcome.CLIENT_ERROR,
    b"LambdaResourceNotFound": Outcome.SERVER_ERROR,
    b"LambdaConnectionTimeout": Outcome.SERVER_ERROR,
    b"LambdaServiceException": Outcome.SERVER_ERROR,
}
"""Source: Elastic Load Balancing user guide, error reason codes of Lambda targets."""

_PLAIN_OK = Answer(Outcome.OK)
_has_report = line_with(REPORT)

Explanation = tuple[Outcome, str]
"""An outcome with its detail."""

_WANTED = frozenset({REPORT, ALB_REASON, *REQUEST_IDS, *HINTS, ERROR_TYPE, CACHE})


class DoorEndpoint(CompiledEndpoint):
    """A front door; subclasses say what its own failures mean.

    Of a body, the beginning has to do: it is only read to tell one failure from another.
    """

    def __init__(self, request: CompiledRequest, answer_limit: int) -> None:
        super().__init__(request, answer_limit)
        self.body_limit = min(answer_limit, READABLE_BYTES + 1)
        self._plain_head = b""
        """The latest without a report: for a head that it knows the wire gives the same object."""

    def classify(self, status: int, head: Head, body: bytes) -> Answer:
        """The answer, by status, headers and, for failures, body."""
        if 200 <= status < 400 and (head is self._plain_head or not _has_report(head)):
            self._plain_head = head
            return _PLAIN_OK
        found = pick(head, _WANTED)
        report = parse_timing_header(found[REPORT]) if REPORT in found else None
        if 200 <= status < 400:
            return Answer(Outcome.OK, report, None, request_id_of(found))
        outcome, detail = _reason(status, found) or self.explain(status, found, body)
        if report is not None and report.status != "success":
            detail = one_line(detail, "REPORT says", report.status, report.error_type)
        return Answer(outcome, report, hint_of(found), request_id_of(found), detail)

    def explain(self, status: int, found: dict[bytes, bytes], body: bytes) -> Explanation:
        """What a status outside 200–399 means here; by itself, in general."""
        code = found.get(ERROR_TYPE, b"").decode("latin-1")
        return status_outcome(status), one_line(f"HTTP {status}", code, excerpt(body))


def _reason(status: int, found: dict[bytes, bytes]) -> Explanation | None:
    reason = found.get(ALB_REASON, b"")
    if reason not in REASONS:
        return None
    return REASONS[reason], one_line(f"HTTP {status}", reason.decode("ascii"))
