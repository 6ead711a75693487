"""What nobody has verified against AWS, in one place and easy to change.

Every constant here is the best guess of AWS's documentation and of what users report.
"""

from __future__ import annotations

from bench.lambda_facts import PAYLOAD_LIMIT_BYTES

HTTP_API_THROTTLED_STATUS = 503
"""HTTP API's answer when Lambda throttles: 500 or 503."""
HTTP_API_MALFORMED_STATUS = 500
"""HTTP API's answer to a response with a statusCode and something that cannot be sent."""
FUNCTION_URL_THROTTLED_BODY = b'{"Reason":"%b","Type":"User","message":"Rate Exceeded."}'
FUNCTION_URL_MALFORMED_STATUS = 502
FUNCTION_URL_TOO_LARGE_MESSAGE = (
    f"Request must be smaller than {PAYLOAD_LIMIT_BYTES} bytes for the InvokeFunction operation"
)
REST_TOO_LARGE_MESSAGE = "Request Too Long"
REST_TIMEOUT_MESSAGE = "Endpoint request timed out"
REST_HEADERS_TOO_LARGE_STATUS = 431
HTTP_API_TOO_LARGE_MESSAGE = "Request Entity Too Large"
HTTP_API_TIMEOUT_MESSAGE = "Service Unavailable"
EDGE_EXECUTION_STATUS = 503
"""CloudFront's answer to a function that fails or times out: 502 or 503."""
ALB_DEFAULT_CONTENT_TYPE = "application/octet-stream"
"""ALB's Content-Type for a response that names none."""
ALB_ERROR_PAGE = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {reason}</h1></center>\r\n</body>\r\n</html>\r\n"
)
