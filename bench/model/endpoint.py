"""Every endpoint, and all that is known of it but how it is called: a row each, in one table.

What differs between endpoints is asked of the row. A module that calls, serves or prices them
lists no kinds by hand, so that one more needs its name and row here, its file in
bench.endpoints, a line in the registry there, and nothing else.

Prices are AWS's list prices of 2026-09 in us-east-1; where they come from, and what they leave
out, stands in bench.aws.prices.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto

from bench.lambda_facts import (
    ALB_BODY_LIMIT_BYTES,
    API_GATEWAY_BODY_LIMIT_BYTES,
    EDGE_ORIGIN_BODY_LIMIT_BYTES,
    EXECUTION_DATA_LIMIT_BYTES,
    KIB,
    MIB,
    PAYLOAD_LIMIT_BYTES,
    RESPONSE_LIMIT_BYTES,
    STREAM_LIMIT_BYTES,
)

ANY_SIZE = sys.maxsize
"""No body is that long."""


class EndpointKind(StrEnum):
    """What a call goes through."""

    INVOKE = "invoke"
    STREAM = "invoke-stream"
    ALB = "alb"
    ALB_MULTI = "alb-multi-value"
    REST = "rest"
    HTTP_API = "http-api"
    FUNCTION_URL = "function-url"
    CLOUDFRONT = "cloudfront"
    STEP_FUNCTIONS = "step-functions"
    CLI = "aws-cli"
    HTTP = "http"
    """Any URL: no Lambda semantics, the HTTP status alone decides."""

    @property
    def facts(self) -> EndpointFacts:
        """Its row of ENDPOINTS: all that is known of it."""
        return ENDPOINTS[self]


BASELINE = EndpointKind.INVOKE
"""The shortest way into a function: what the others' overhead is measured against."""


class Address(Enum):
    """How it is known where on AWS an endpoint is."""

    LAMBDA_API = auto()
    """The region tells: it is the Lambda API itself."""
    FUNCTION_URL = auto()
    """The Lambda API tells; where the function has no URL, one is made."""
    PROFILE = auto()
    """Nothing but the profile tells (target.urls)."""
    STATE_MACHINE = auto()
    """The profile names a state machine: target.function, or target.urls with its ARN."""
    NO_LAMBDA = auto()
    """It has no place on AWS: it is for a target of kind http."""


class FunctionRate(Enum):
    """By which prices the function behind is billed."""

    REGIONAL = auto()
    EDGE = auto()
    """Lambda@Edge has prices of its own, the same everywhere."""


@dataclass(frozen=True, slots=True)
class PerRequest:
    """USD a request; with unit_bytes, for each such part of request and response together."""

    usd: float
    unit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class PerLcu:
    """USD for an LCU-hour, of which a request takes the larger of two shares.

    An LCU-hour has room for so many bytes, and requests whose rules are evaluated. The load
    balancer's hours themselves fall due at any load and are left out.
    """

    usd: float
    size_bytes: float
    requests: int


@dataclass(frozen=True, slots=True)
class PerExecution:
    """USD for the start of an Express workflow, and for its duration in steps of time and memory.

    The least memory is taken, since a state machine that does no more than call a function has it.
    Source: the Step Functions pricing page, first tier.
    """

    usd: float
    gb_second_usd: float
    step_ms: int = 100
    memory_mb: int = 64


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A price that no list tells beforehand. It counts nothing, and words say so to the user."""

    words: str


DoorPrice = PerRequest | PerLcu | PerExecution | LeftOut

FREE = PerRequest(0.0)
"""The door takes nothing itself: checked, not forgotten."""
_LCU = PerLcu(0.008, size_bytes=0.4e9, requests=1000 * 3600)


@dataclass(frozen=True, slots=True)
class Throttle:
    """What a throttle by Lambda looks like from outside.

    statuses: with which HTTP statuses it comes, none where a process reports it. is_told: False
    where the answer could also be another failure, so that it cannot count as throttled.
    """

    statuses: tuple[int, ...]
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """A row. Sizes in bytes; a field without a default is one that nobody may forget."""

    address: Address
    request_limit_bytes: int | None
    """The largest event that it takes; None where nobody knows. Source: AWS's quota pages."""
    answer_limit_bytes: int
    """Bytes of response body that can make sense; a longer one is a PROTOCOL_ERROR."""
    throttle: Throttle
    function_rate: FunctionRate | None
    """None where nobody knows what runs behind the endpoint: then nothing of it has a price."""
    door_price: DoorPrice | None
    """What the door takes on top of the function; None is unknown, and so is then the whole."""
    service: str | None = None
    """Name of the service in a SigV4 signature; None where there is nothing to sign for."""
    takes_json_only: bool = False
    """The event must be JSON."""
    gives_log: bool = False
    """The log's tail can be asked for, and REPORT is in it."""
    hands_output_on: bool = False
    """The function's output is in the answer as it was, so that it can be checked."""
    is_command: bool = False
    """It is a process and not an HTTP request."""
    also: tuple[str, ...] = ()
    """What others call it: it is named back as what it is called here."""

    @property
    def is_at_api(self) -> bool:
        """Called at the Lambda API itself, by the function's name."""
        return self.address is Address.LAMBDA_API

    @property
    def needs_url(self) -> bool:
        """On AWS the profile must say where it is."""
        return self.address is Address.PROFILE

    @property
    def is_lambda(self) -> bool:
        """A function is known to be behind it, and has a memory size."""
        return self.address is not Address.NO_LAMBDA


_TOLD_AS_429 = Throttle((429,))

_INVOKE = EndpointFacts(
    address=Address.LAMBDA_API,
    request_limit_bytes=PAYLOAD_LIMIT_BYTES,
    answer_limit_bytes=RESPONSE_LIMIT_BYTES,
    throttle=_TOLD_AS_429,
    function_rate=FunctionRate.REGIONAL,
    door_price=FREE,
    service="lambda",
    takes_json_only=True,
    gives_log=True,
    hands_output_on=True,
    also=("lambda", "api", "lambda-api", "sdk", "direct", "requestresponse", "sync"),
)
_ALB = EndpointFacts(
    address=Address.PROFILE,
    request_limit_bytes=ALB_BODY_LIMIT_BYTES,
    answer_limit_bytes=ALB_BODY_LIMIT_BYTES,
    throttle=Throttle((502,), is_told=False),
    function_rate=FunctionRate.REGIONAL,
    door_price=_LCU,
)

ENDPOINTS: Mapping[EndpointKind, EndpointFacts] = {
    EndpointKind.INVOKE: _INVOKE,
    EndpointKind.STREAM: replace(
        _INVOKE,
        answer_limit_bytes=256 * MIB,  # 200 MB, and a few hundredths for the frames
        also=("stream", "streaming", "response-stream"),
    ),
    EndpointKind.ALB: replace(_ALB, also=("elb", "elbv2", "lb", "load-balancer")),
    EndpointKind.ALB_MULTI: replace(_ALB, also=("multi-value",)),
    EndpointKind.REST: EndpointFacts(
        address=Address.PROFILE,
        request_limit_bytes=API_GATEWAY_BODY_LIMIT_BYTES,
        answer_limit_bytes=API_GATEWAY_BODY_LIMIT_BYTES,
        throttle=Throttle((500,), is_told=False),
        function_rate=FunctionRate.REGIONAL,
        door_price=PerRequest(3.50e-6),
        service="execute-api",
        also=("rest-api", "apigw-v1", "apigateway-v1"),
    ),
    EndpointKind.HTTP_API: EndpointFacts(
        address=Address.PROFILE,
        request_limit_bytes=API_GATEWAY_BODY_LIMIT_BYTES,
        answer_limit_bytes=API_GATEWAY_BODY_LIMIT_BYTES,
        throttle=Throttle((500, 503), is_told=False),  # nobody has verified which
        function_rate=FunctionRate.REGIONAL,
        door_price=PerRequest(1.00e-6, unit_bytes=512 * KIB),
        service="execute-api",
        also=("apigw", "apigateway", "api-gateway", "httpapi", "apigw-v2", "apigateway-v2"),
    ),
    EndpointKind.FUNCTION_URL: EndpointFacts(
        address=Address.FUNCTION_URL,
        request_limit_bytes=PAYLOAD_LIMIT_BYTES,
        answer_limit_bytes=STREAM_LIMIT_BYTES,  # in RESPONSE_STREAM mode; buffered it is 6 MB
        throttle=_TOLD_AS_429,
        function_rate=FunctionRate.REGIONAL,
        door_price=FREE,
        service="lambda",
        also=("url", "furl", "lambda-url"),
    ),
    EndpointKind.CLOUDFRONT: EndpointFacts(
        address=Address.PROFILE,
        request_limit_bytes=EDGE_ORIGIN_BODY_LIMIT_BYTES,
        answer_limit_bytes=50 * MIB,
        throttle=Throttle((503,)),  # with X-Cache: LambdaLimitExceeded
        function_rate=FunctionRate.EDGE,
        door_price=LeftOut("CloudFront's requests and transfer: the distribution decides"),
        also=("edge", "cdn", "lambda-edge"),
    ),
    EndpointKind.STEP_FUNCTIONS: EndpointFacts(
        address=Address.STATE_MACHINE,
        request_limit_bytes=EXECUTION_DATA_LIMIT_BYTES,
        answer_limit_bytes=4 * MIB,  # input and output of 256 KB each, escaped, and the cause
        throttle=Throttle((200,)),  # the answer's error is Lambda.TooManyRequestsException
        function_rate=FunctionRate.REGIONAL,
        door_price=PerExecution(1.00e-6, gb_second_usd=0.00001667),
        service="states",
        also=("sfn", "states", "state-machine", "stepfunctions"),
        takes_json_only=True,
        hands_output_on=True,
    ),
    EndpointKind.CLI: replace(
        _INVOKE,
        answer_limit_bytes=16 * MIB,  # the output, and the CLI's own JSON behind it
        throttle=Throttle(()),
        is_command=True,
        also=("cli", "awscli", "aws"),
    ),
    EndpointKind.HTTP: EndpointFacts(
        address=Address.NO_LAMBDA,
        request_limit_bytes=None,
        answer_limit_bytes=ANY_SIZE,
        throttle=_TOLD_AS_429,
        function_rate=None,
        door_price=None,
        also=("https", "web"),
    ),
}
"""To add an endpoint: a name above, a row here, a file in bench.endpoints, a line in its registry.
"""
