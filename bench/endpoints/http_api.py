"""API Gateway HTTP API with a Lambda proxy integration.

Its own failures have the body `{"message": …}` with nothing else in it: 500 `Internal Server
Error` for a function's error, 503 `Service Unavailable` for the integration's timeout (30 s), 429
`Too Many Requests` for its own throttle. Lambda's throttle comes as 500 or 503 (nobody has
verified which): the details say so. Any other 5xx body comes from the function.
"""

from __future__ import annotations

from bench.endpoints.front_door import DoorEndpoint, Explanation
from bench.endpoints.responses import excerpt, one_line
from bench.endpoints.rest import gateway_message
from bench.lambda_facts import API_GATEWAY_BODY_LIMIT_BYTES, MIB
from bench.model.outcome import Outcome

_OWN = {
    (500, "internal server error"): (
        Outcome.FUNCTION_ERROR,
        "function error or malformed response, or Lambda's throttle: HTTP API does not tell which",
    ),
    (503, "service unavailable"): (
        Outcome.SERVER_ERROR,
        "integration timeout, or Lambda's throttle: HTTP API does not tell which",
    ),
    (504, "gateway timeout"): (Outcome.SERVER_ERROR, "integration timeout"),
    (429, "too many requests"): (Outcome.THROTTLED, "API Gateway's own throttle"),
    (413, "request entity too large"): (
        Outcome.CLIENT_ERROR,
        f"request body over API Gateway's limit of {API_GATEWAY_BODY_LIMIT_BYTES // MIB} MB",
    ),
}


class HttpApiEndpoint(DoorEndpoint):
    """A stage of an HTTP API with a Lambda proxy integration."""

    def explain(self, status: int, found: dict[bytes, bytes], body: bytes) -> Explanation:
        """API Gateway's own failures by status and body; any other is the function's."""
        meaning = _OWN.get((status, gateway_message(body).lower()))
        if meaning is None:
            return super().explain(status, found, body)
        return meaning[0], one_line(f"HTTP {status}", meaning[1], excerpt(body))
