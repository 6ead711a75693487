"""A function URL, open (AuthType NONE) or signed (AWS_IAM, SigV4 service `lambda`).

502 `Internal Server Error` is the function's error or timeout; 429 Lambda's throttle; 403 a URL
that does not exist (`{"Message":null}`), a missing permission or a bad signature.
Source: Lambda developer guide, "Invoking Lambda function URLs".
"""

from __future__ import annotations

from bench.endpoints.front_door import DoorEndpoint, Explanation
from bench.endpoints.responses import excerpt, one_line
from bench.lambda_facts import MIB, PAYLOAD_LIMIT_BYTES
from bench.model.outcome import Outcome

_INTERNAL = b"internal server error"
_ANY = {
    403: (Outcome.CLIENT_ERROR, "no such URL, no permission or a bad signature"),
    413: (Outcome.CLIENT_ERROR, f"request over Lambda's limit of {PAYLOAD_LIMIT_BYTES // MIB} MB"),
    429: (Outcome.THROTTLED, "Lambda's throttle"),
    504: (Outcome.SERVER_ERROR, "no answer in time"),
}


class FunctionUrlEndpoint(DoorEndpoint):
    """A function's own URL, buffered or streamed; signed if it asks for AWS_IAM."""

    def explain(self, status: int, found: dict[bytes, bytes], body: bytes) -> Explanation:
        """Lambda's own failures; any other is the function's."""
        meaning = _ANY.get(status)
        if status == 502 and _INTERNAL in body[:200].lower():
            meaning = (Outcome.FUNCTION_ERROR, "function error, timeout or malformed response")
        if meaning is None:
            return super().explain(status, found, body)
        return meaning[0], one_line(f"HTTP {status}", meaning[1], excerpt(body))
