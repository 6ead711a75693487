"""Figures and names of Lambda and the services before it, each in one place. Data only.

Sources: the Lambda developer guide's quotas and botocore's Lambda model, where nothing else is
named.
"""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

# -- memory and CPU

FULL_CORE_MB = 1769
"""Memory size that buys one whole vCPU."""
MIN_MEMORY_MB = 128
MAX_MEMORY_MB = 10_240

# -- requests and answers

PAYLOAD_LIMIT_BYTES = 6 * MIB
"""Request of a synchronous invocation."""
ASYNC_PAYLOAD_LIMIT_BYTES = MIB
"""Request of an Event invocation, since October 2025."""
RESPONSE_LIMIT_BYTES = 6_291_556
"""Answer of a buffered invocation, exactly."""
STREAM_LIMIT_BYTES = 200 * MIB
"""Answer of a streamed invocation, since July 2025."""
STREAM_UNCAPPED_BYTES = 6 * MIB
"""What a streamed answer may send before its rate is capped."""
STREAM_RATE_BYTES_PER_S = 2 * MIB
CLIENT_CONTEXT_LIMIT_BYTES = 3_583
"""Of the base64 text."""
LOG_TAIL_BYTES = 4 * KIB
"""What of an invocation's log comes back, before base64."""

ALB_BODY_LIMIT_BYTES = MIB
"""Of a request's body, and of the function's response. Source: the guide for Application Load
Balancers, "Lambda functions as targets"."""
API_GATEWAY_BODY_LIMIT_BYTES = 10 * MIB
"""REST and HTTP API, request and response. Source: the API Gateway guide's quotas."""
EDGE_VIEWER_BODY_LIMIT_BYTES = 40 * KIB
EDGE_ORIGIN_BODY_LIMIT_BYTES = MIB
"""What of a request's body goes into the event, and the size of a response that a function makes,
at CloudFront's viewer and origin. Source: the CloudFront guide's quotas on Lambda@Edge."""
EXECUTION_DATA_LIMIT_BYTES = 256 * KIB
"""Input and output of a Step Functions execution, each. Source: the Step Functions guide."""

# -- time and concurrency

INIT_LIMIT_S = 10.0
"""Longer, and init starts anew within the first invocation, on the invocation's time."""
MAX_TIMEOUT_S = 900.0
ACCOUNT_CONCURRENCY = 1000
"""An account's by default."""
REQUESTS_PER_CONCURRENCY_PER_S = 10
SCALING_BURST = 1000
"""New environments per function in SCALING_WINDOW_S."""
SCALING_WINDOW_S = 10.0

# -- what a function may have

ENVIRONMENT_LIMIT_BYTES = 4 * KIB
"""Of all its environment variables."""
MIN_STORAGE_MB = 512
MAX_STORAGE_MB = 10_240
"""Of /tmp."""

# -- paths

INVOKE_PREFIX = "/2015-03-31/functions/"
INVOKE_SUFFIX = "/invocations"
STREAM_PREFIX = "/2021-11-15/functions/"
STREAM_SUFFIX = "/response-streaming-invocations"
"""Before and behind a function's name, percent-encoded."""
EXECUTION_TARGET = "AWSStepFunctions.StartSyncExecution"
EXECUTION_CONTENT_TYPE = "application/x-amz-json-1.0"
"""Source: botocore's Step Functions model."""

# -- headers, in the case that AWS gives them

INVOCATION_TYPE_HEADER = "X-Amz-Invocation-Type"
LOG_TYPE_HEADER = "X-Amz-Log-Type"
CLIENT_CONTEXT_HEADER = "X-Amz-Client-Context"
TARGET_HEADER = "X-Amz-Target"
"""The operation, in AWS's JSON protocols."""

FUNCTION_ERROR_HEADER = "X-Amz-Function-Error"
LOG_RESULT_HEADER = "X-Amz-Log-Result"
EXECUTED_VERSION_HEADER = "X-Amz-Executed-Version"
TRACE_HEADER = "X-Amzn-Trace-Id"
ERROR_TYPE_HEADER = "x-amzn-ErrorType"
"""The code of an error."""
REQUEST_ID_HEADER = "x-amzn-RequestId"
HTTP_API_ID_HEADER = "apigw-requestid"
REST_ID_HEADER = "x-amz-apigw-id"
EDGE_ID_HEADER = "X-Amz-Cf-Id"
CACHE_HEADER = "X-Cache"
"""CloudFront names there what became of a request, a function's failure too."""

RETRY_AFTER_HEADER = "Retry-After"
"""In seconds."""
SDK_RETRY_AFTER_HEADER = "x-amz-retry-after"
"""In whole milliseconds; for the AWS SDKs. Source: botocore's retries.standard."""

REPORT_HEADER = "x-lamload-report"
"""lamload's own: a REPORT line of the function's, for endpoints that give no log. The embedded
Lambda adds it by itself."""
ALB_REASON_HEADER = "x-lamload-alb-reason"
"""lamload's own: ALB's access-log reason, which the embedded Lambda gives and AWS does not."""
