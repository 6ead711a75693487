"""CloudFront in front of a Lambda@Edge function. `X-Cache` names Lambda's failures.

`LambdaExecutionError` (the function raised or timed out, 502 or 503) and `LambdaValidationError`
(its response is malformed, 502) are FUNCTION_ERRORs, `LambdaLimitExceeded` (503) is THROTTLED. Any
other status counts by its class. Source: CloudFront developer guide, "Restrictions on edge
functions" and the error-status pages; the same words exist for CloudFront Functions.
"""

from __future__ import annotations

from bench.endpoints.front_door import DoorEndpoint, Explanation
from bench.endpoints.responses import CACHE, excerpt, one_line
from bench.model.outcome import Outcome

_CACHE_WORDS = {
    "LambdaExecutionError": Outcome.FUNCTION_ERROR,
    "LambdaValidationError": Outcome.FUNCTION_ERROR,
    "LambdaLimitExceeded": Outcome.THROTTLED,
    "FunctionExecutionError": Outcome.FUNCTION_ERROR,
    "FunctionThrottledError": Outcome.THROTTLED,
}


class CloudFrontEndpoint(DoorEndpoint):
    """A distribution whose function is Lambda@Edge, at a viewer or an origin."""

    def explain(self, status: int, found: dict[bytes, bytes], body: bytes) -> Explanation:
        """By X-Cache, else by the status."""
        cache = found.get(CACHE, b"").decode("latin-1")
        word = cache.partition(" ")[0]
        if word not in _CACHE_WORDS:
            return super().explain(status, found, body)
        return _CACHE_WORDS[word], one_line(f"HTTP {status}", word, excerpt(body))
