"""The seam between HTTP and a function: a request becomes an event, a result a response.

Doors are pure. The service owns sockets, time and ids, and hands them in as a DoorContext.
`request.raw_path` is the path as the front door itself sees it, without mount point and stage.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bench.lambda_facts import REPORT_HEADER, TRACE_HEADER
from bench.local.http.api_error import ApiError
from bench.local.model import ACCOUNT_ID, REGION, HttpRequest, HttpResponse, InvokeResult
from bench.model.times import NS_PER_MS, NS_PER_S


@dataclass(frozen=True, slots=True)
class MatchedRoute:
    """The route of an API that a request has taken. key is `GET /items/{id}`."""

    key: str
    path: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DoorContext:
    """All that a door needs to know besides the request.

    arn is the function's, qualified as it is invoked. now_ns is wall-clock time. trace_id is
    `Root=1-…`. domain '' means: the request's Host.
    """

    name: str
    arn: str
    request_id: str
    now_ns: int
    trace_id: str
    qualifier: str | None = None
    memory_mb: int = 128
    api_id: str = "lamload0ab"
    stage: str = "local"
    domain: str = ""
    account: str = ACCOUNT_ID
    region: str = REGION
    binary_media_types: tuple[str, ...] = ()
    """REST: media types that are base64 in event and response; AWS's default is none."""
    edge_event: str = "viewer-request"
    """CloudFront: or `origin-request`."""
    url_auth: str = "NONE"
    """Function URL: or `AWS_IAM`."""
    route: MatchedRoute | None = None
    """None: the one route of an API that has a single function, `$default` or `/{proxy+}`."""
    report: bool = True
    """Add REPORT_HEADER and ALB_REASON_HEADER to responses."""

    @property
    def time_epoch_ms(self) -> int:
        """now_ns as events have it: whole milliseconds since 1970."""
        return self.now_ns // NS_PER_MS

    @property
    def time_clf(self) -> str:
        """now_ns as API Gateway writes it: `12/Mar/2020:19:03:58 +0000`."""
        return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(self.now_ns // NS_PER_S))


class Door(Protocol):
    """One kind of front door. timeout_s is how long it waits for the function; None: for ever."""

    @property
    def timeout_s(self) -> float | None:
        """Seconds after which `timed_out` is the answer; the function itself runs on."""

    def event(self, request: HttpRequest, context: DoorContext) -> bytes | HttpResponse:
        """The function's event; or a response, when the door refuses the request by itself."""

    def respond(
        self, request: HttpRequest, result: InvokeResult, context: DoorContext
    ) -> HttpResponse:
        """What the caller gets for a result, success or not. Never raises."""

    def timed_out(self, request: HttpRequest, context: DoorContext) -> HttpResponse:
        """What the caller gets when the function has not answered in timeout_s."""

    def refuse(self, request: HttpRequest, error: ApiError, context: DoorContext) -> HttpResponse:
        """What the caller gets when Lambda does not take the event: no such function, pending …"""


def with_report(response: HttpResponse, result: InvokeResult, context: DoorContext) -> HttpResponse:
    """The response with the invocation's REPORT line, unless the context says no."""
    if not context.report or result.throttle_reason:
        return response
    return replace(
        response, headers=(*response.headers, (REPORT_HEADER, _report_line(result, context)))
    )


def _report_line(result: InvokeResult, context: DoorContext) -> str:
    """The REPORT of an invocation: from its log if it is there, else made from its figures."""
    last = result.log_tail.rstrip().rpartition(b"\n")[2]
    if last.startswith(b"REPORT RequestId: ") or b'"platform.report"' in last:
        return last.decode("ascii", "replace").replace("\0", "")
    fields = [
        f"REPORT RequestId: {result.request_id}",
        f"Duration: {result.duration_ms:.2f} ms",
        f"Billed Duration: {result.billed_ms} ms",
        f"Memory Size: {context.memory_mb} MB",
        f"Max Memory Used: {result.max_memory_mb} MB",
    ]
    if result.init_ms is not None:
        fields.append(f"Init Duration: {result.init_ms:.2f} ms")
    if result.error_type == "Sandbox.Timedout":
        fields.append("Status: timeout")
    elif result.error:
        fields += ["Status: error", f"Error Type: {_printable(result.error_type)}"]
    return "\t".join(fields)


def _printable(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


def encode(value: Any) -> bytes:
    """JSON without spaces, in UTF-8, as AWS sends it."""
    return json.dumps(value, separators=(",", ":")).encode()


def opaque_id(context: DoorContext, size_bytes: int = 11) -> str:
    """An id as API Gateway and CloudFront make them, the same for the same request id."""
    digest = hashlib.sha256(context.request_id.encode()).digest()
    return base64.urlsafe_b64encode(digest[:size_bytes]).decode()


def host(request: HttpRequest, context: DoorContext) -> str:
    """The door's domain name, without port."""
    return context.domain or (request.header("host") or "localhost").partition(":")[0]


def port(request: HttpRequest) -> str:
    """The port that the caller used, as text."""
    number = (request.header("host") or "").rpartition(":")[2]
    if number.isdecimal():
        return number
    return "443" if request.scheme == "https" else "80"


def trace_root(request: HttpRequest, context: DoorContext) -> str:
    """The trace header that goes on: the caller's if it has a Root, else the context's."""
    given = request.header(TRACE_HEADER)
    return given if given and "Root=" in given else context.trace_id
