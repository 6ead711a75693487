"""Lambda's limits and the other figures that the embedded one keeps, each in one place.

Sources: the Lambda developer guide's quotas; botocore's Lambda model.
"""

from __future__ import annotations

FULL_CORE_MB = 1769
"""Memory size that buys one whole vCPU."""
MIN_MEMORY_MB = 128
MAX_MEMORY_MB = 10_240

PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024
"""Request of a synchronous invocation."""
ASYNC_PAYLOAD_LIMIT_BYTES = 1024 * 1024
"""Request of an Event invocation, since October 2025."""
RESPONSE_LIMIT_BYTES = 6_291_556
"""Answer of a buffered invocation, exactly."""
STREAM_LIMIT_BYTES = 200 * 1024 * 1024
STREAM_UNCAPPED_BYTES = 6 * 1024 * 1024
"""What a streamed answer may send before its rate is capped."""
STREAM_RATE_BYTES_PER_S = 2 * 1024 * 1024
CLIENT_CONTEXT_LIMIT_BYTES = 3_583
"""Of the base64 text."""
LOG_TAIL_BYTES = 4096

INIT_LIMIT_S = 10.0
"""Longer, and init starts anew within the first invocation, on the invocation's time."""
MAX_TIMEOUT_S = 900.0
REQUESTS_PER_CONCURRENCY_PER_S = 10
SCALING_BURST = 1000
"""New environments per function in SCALING_WINDOW_S."""
SCALING_WINDOW_S = 10.0
