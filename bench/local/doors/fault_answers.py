"""What a caller gets when a fault strikes: errors in the door's own form, or broken bytes.

The shapes are those that a real outage of the door has, so that a client classifies them alike.
"""

from __future__ import annotations

import json
from http import HTTPStatus

from bench.faults.kinds import FaultAction, FaultKind
from bench.lambda_facts import REQUEST_ID_HEADER
from bench.local.doors import unverified
from bench.local.http.api_error import ApiError, throttled
from bench.local.model import HttpResponse
from bench.model.endpoint import EndpointKind

GARBAGE = b"\x00\xffnot HTTP at all\r\n\r\n\x07"

_PAGES = frozenset({EndpointKind.ALB, EndpointKind.ALB_MULTI})
"""Doors whose own errors are a page of HTML; the others' are JSON."""
_INVOKE_CODES = {
    500: ("ServiceException", "An error occurred and the request cannot be processed."),
    502: ("EC2UnexpectedException", "An unexpected error occurred while preparing the function."),
    503: ("ServiceUnavailableException", "Service is unavailable. Please try again."),
    504: ("GatewayTimeoutException", "The request timed out."),
}


def throttle_error(action: FaultAction) -> ApiError:
    """The Lambda API's 429 for a throttle."""
    return throttled(action.reason, action.retry_after_s, action.retry_after_ms)


def error_answer(action: FaultAction, door: str, request_id: str) -> HttpResponse:
    """The answer of a fault of kind error, as the door (an endpoint's name) would give it."""
    kind = EndpointKind(door)
    if kind.facts.is_at_api:
        code, message = _INVOKE_CODES[action.status]
        return ApiError(action.status, code, message, "Service").response(request_id)
    phrase = HTTPStatus(action.status).phrase
    if kind in _PAGES:
        page = unverified.ALB_ERROR_PAGE.format(status=action.status, reason=phrase)
        headers = (("Server", "awselb/2.0"), ("Content-Type", "text/html"))
        return HttpResponse(action.status, headers, page.encode())
    return HttpResponse(
        action.status,
        (("Content-Type", "application/json"), (REQUEST_ID_HEADER, request_id)),
        json.dumps({"message": phrase}).encode(),
    )


def spoilt(action: FaultAction, response: HttpResponse) -> bytes:
    """The bytes to send in the place of a good response, after which the connection closes."""
    if action.kind is FaultKind.MALFORMED:
        return GARBAGE
    head = [f"HTTP/1.1 {response.status} {response.reason or _phrase(response.status)}"]
    head += [f"{name}: {value}" for name, value in response.headers]
    length = len(response.body)
    head += [f"Content-Length: {max(length, 1)}", "", ""]
    kept = min(int(length * action.keep_share), max(length - 1, 0))
    return "\r\n".join(head).encode("utf-8") + response.body[:kept]


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in list(HTTPStatus) else "Unknown"
