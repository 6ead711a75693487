"""API Gateway REST with Lambda proxy integration.

Its own failures have the body `{"message": …}` with nothing else in it:
- 502 `Internal server error` is the function's error, its timeout, or a malformed response.
- 500 with the same body is a throttle by Lambda, but also a missing permission or a failure of API
  Gateway's own: REST cannot tell, so it counts as SERVER_ERROR and the detail says so.
- 504 is the integration's timeout (29 s by default), 429 API Gateway's own throttle.
Any other 5xx body comes from the function. Source: API Gateway developer guide.
"""

from __future__ import annotations

from bench.endpoints.front_door import DoorEndpoint, Explanation
from bench.endpoints.responses import excerpt, json_object, one_line
from bench.lambda_facts import API_GATEWAY_BODY_LIMIT_BYTES, MIB
from bench.model.outcome import Outcome

_INTERNAL = "internal server error"
_OWN = {
    502: (Outcome.FUNCTION_ERROR, "function error, timeout or malformed proxy response"),
    500: (
        Outcome.SERVER_ERROR,
        "Lambda's throttle, a missing permission or API Gateway's own failure: "
        "REST does not tell which",
    ),
}
_ANY = {
    413: (
        Outcome.CLIENT_ERROR,
        f"request body over API Gateway's limit of {API_GATEWAY_BODY_LIMIT_BYTES // MIB} MB",
    ),
    429: (Outcome.THROTTLED, "API Gateway's own throttle"),
    504: (Outcome.SERVER_ERROR, "API Gateway's integration timeout"),
}


class RestEndpoint(DoorEndpoint):
    """A stage of a REST API with a Lambda proxy integration."""

    def explain(self, status: int, found: dict[bytes, bytes], body: bytes) -> Explanation:
        """API Gateway's own failures by status and body; any other is the function's."""
        meaning = _ANY.get(status)
        if meaning is None and gateway_message(body).lower() == _INTERNAL:
            meaning = _OWN.get(status)
        if meaning is None:
            return super().explain(status, found, body)
        return meaning[0], one_line(f"HTTP {status}", meaning[1], excerpt(body))


def gateway_message(body: bytes) -> str:
    """The text of a body that API Gateway makes itself, `{"message": "…"}`; else ''."""
    found = json_object(body) if len(body) < 1024 else {}
    message = found.get("message")
    return message if len(found) == 1 and isinstance(message, str) else ""
