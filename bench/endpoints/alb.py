"""An Application Load Balancer with a Lambda target, single- or multi-value headers.

ALB answers 502 for a function's error, its timeout, a malformed response *and* a throttle by
Lambda, and says which only in its access log: on AWS such a 502 counts as FUNCTION_ERROR and its
detail says that it may be a throttle. The embedded Lambda gives the access log's reason as a
header, so there they are told apart. Source: ELB user guide, "Lambda functions as targets".
"""

from __future__ import annotations

from bench.endpoints.front_door import DoorEndpoint, Explanation
from bench.endpoints.responses import excerpt, one_line
from bench.lambda_facts import ALB_BODY_LIMIT_BYTES, MIB
from bench.model.outcome import Outcome

_MEANINGS = {
    413: (
        Outcome.CLIENT_ERROR,
        f"request body over ALB's limit of {ALB_BODY_LIMIT_BYTES // MIB} MB",
    ),
    460: (Outcome.CLIENT_ERROR, "ALB saw the client close the connection"),
    463: (Outcome.CLIENT_ERROR, "ALB got more than 30 addresses in X-Forwarded-For"),
    502: (
        Outcome.FUNCTION_ERROR,
        "function error, timeout, malformed or too large response, or Lambda's throttle: "
        "ALB does not tell which",
    ),
    503: (Outcome.SERVER_ERROR, "ALB has no registered target"),
    504: (Outcome.SERVER_ERROR, "ALB got no answer before its idle timeout"),
}


class AlbEndpoint(DoorEndpoint):
    """Both header modes: they differ only in what the function sees and returns."""

    def explain(self, status: int, found: dict[bytes, bytes], body: bytes) -> Explanation:
        """ALB's own statuses; any other is the function's."""
        if status not in _MEANINGS:
            return super().explain(status, found, body)
        outcome, meaning = _MEANINGS[status]
        return outcome, one_line(f"HTTP {status}", meaning, excerpt(body))
