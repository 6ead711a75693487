"""The Invoke API: what a request asks for, and how an invocation's result is answered. Pure.

Source: botocore's Lambda model (InvokeFunction, InvokeAsync, InvokeWithResponseStream); headers
and texts as AWS sends them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from random import getrandbits
from typing import NoReturn
from urllib.parse import parse_qs, unquote

from bench.lambda_facts import (
    ASYNC_PAYLOAD_LIMIT_BYTES,
    CLIENT_CONTEXT_HEADER,
    CLIENT_CONTEXT_LIMIT_BYTES,
    EXECUTED_VERSION_HEADER,
    FUNCTION_ERROR_HEADER,
    INVOCATION_TYPE_HEADER,
    INVOKE_PREFIX,
    INVOKE_SUFFIX,
    LOG_RESULT_HEADER,
    LOG_TYPE_HEADER,
    PAYLOAD_LIMIT_BYTES,
    REQUEST_ID_HEADER,
    STREAM_PREFIX,
    STREAM_SUFFIX,
    TRACE_HEADER,
)
from bench.local.http.api_error import ApiError, throttled, validation_error
from bench.local.model import HttpRequest, HttpResponse, Invocation, InvokeResult

_PATH = re.compile(
    rf"{INVOKE_PREFIX}(?P<invoke>[^/]+){INVOKE_SUFFIX}"
    rf"|{STREAM_PREFIX}(?P<stream>[^/]+){STREAM_SUFFIX}"
    r"|/2014-11-13/functions/(?P<legacy>[^/]+)/invoke-async/?"
)
_TRACE_ID = re.compile(r"[\w=;:.+-]{1,1024}")
RETRY_AFTER_S = 1
SYNCHRONOUS = "RequestResponse"
ASYNCHRONOUS = "Event"
DRY_RUN = "DryRun"


@dataclass(frozen=True, slots=True)
class InvokeCall:
    """What a caller wants: a function, how, and with which payload."""

    function: str
    qualifier: str | None
    invocation_type: str
    log_tail: bool
    streaming: bool
    payload: bytes
    client_context: str | None
    trace_id: str

    def invocation(self, arn: str, request_id: str) -> Invocation:
        """It as a sandbox takes it."""
        return Invocation(request_id, self.payload, arn, self.trace_id, self.client_context)


def new_request_id() -> str:
    """A random UUID of version 4. Unlike uuid4 it needs no system call: it is no secret."""
    digits = f"{getrandbits(128):032x}"
    variant = "89ab"[getrandbits(2)]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def new_trace_id() -> str:
    """An X-Ray trace id of this second, not sampled."""
    return f"root=1-{int(time.time()):08x}-{getrandbits(96):024x};sampled=0"


def is_invoke(request: HttpRequest) -> bool:
    """Whether a request is for the Invoke API, rather than for the control plane."""
    return _PATH.fullmatch(request.raw_path) is not None


def parse_call(request: HttpRequest) -> InvokeCall:
    """Read a request to the Invoke API. Raises ApiError with AWS's answer to what cannot be."""
    kind, function, qualifier = _route(request.raw_path, request.raw_query)
    if request.method != "POST":
        raise _unknown_operation()
    invocation_type = ASYNCHRONOUS if kind == "legacy" else _invocation_type(request)
    payload = request.body or b"{}"
    _check_size(payload, invocation_type)
    _check_json(payload)
    trace_id = request.header(TRACE_HEADER) or ""
    return InvokeCall(
        function=function,
        qualifier=qualifier,
        invocation_type=invocation_type,
        log_tail=_one_of(request, LOG_TYPE_HEADER, "logType", ("None", "Tail")) == "Tail",
        streaming=kind == "stream",
        payload=payload,
        client_context=_client_context(request),
        trace_id=trace_id if _TRACE_ID.fullmatch(trace_id) else new_trace_id(),
    )


@lru_cache(maxsize=1024)
def _route(raw_path: str, raw_query: str) -> tuple[str, str, str | None]:
    """(kind of path, function, qualifier); a load generator sends the same again and again."""
    match = _PATH.fullmatch(raw_path)
    if match is None:
        raise _unknown_operation()
    kind = match.lastgroup or "invoke"
    qualifier = parse_qs(raw_query).get("Qualifier", [None])[0]
    return kind, unquote(match[kind]), qualifier


def _unknown_operation() -> ApiError:
    return ApiError(404, "UnknownOperationException", None, type="")


def _invocation_type(request: HttpRequest) -> str:
    allowed = (SYNCHRONOUS, ASYNCHRONOUS, DRY_RUN)
    return _one_of(request, INVOCATION_TYPE_HEADER, "invocationType", allowed)


def _one_of(request: HttpRequest, header: str, member: str, allowed: tuple[str, ...]) -> str:
    """A header's value, the first allowed one without it."""
    value = request.header(header)
    if not value:
        return allowed[0]
    if value not in allowed:
        names = ", ".join(sorted(allowed))
        raise validation_error(value[:128], member, f"satisfy enum value set: [{names}]")
    return value


def _check_size(payload: bytes, invocation_type: str) -> None:
    if invocation_type == ASYNCHRONOUS and len(payload) > ASYNC_PAYLOAD_LIMIT_BYTES:
        raise _too_large(
            f"{len(payload)} byte payload is too large for the Event invocation type "
            f"(limit {ASYNC_PAYLOAD_LIMIT_BYTES} bytes)"
        )
    if len(payload) > PAYLOAD_LIMIT_BYTES:
        raise _request_too_large()


def _request_too_large() -> ApiError:
    """More than a synchronous invocation takes."""
    return _too_large(
        f"Request must be smaller than {PAYLOAD_LIMIT_BYTES} bytes for the InvokeFunction operation"
    )


def _too_large(message: str) -> ApiError:
    return ApiError(413, "RequestTooLargeException", message)


def _check_json(payload: bytes) -> None:
    """Raise the 400 that AWS has for a payload that is no JSON text."""
    try:
        _DECODER.decode(payload.decode())
    except (ValueError, RecursionError) as error:
        raise ApiError(
            400,
            "InvalidRequestContentException",
            f"Could not parse request body into json: Could not parse payload into json: {error}",
        ) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"Non-standard token '{name}'")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _client_context(request: HttpRequest) -> str | None:
    """The decoded JSON on one line of ASCII, fit for a header."""
    encoded = request.header(CLIENT_CONTEXT_HEADER)
    if not encoded:
        return None
    if len(encoded) > CLIENT_CONTEXT_LIMIT_BYTES:
        raise _bad_content(
            f"The client context must be at most {CLIENT_CONTEXT_LIMIT_BYTES} bytes, "
            f"it has {len(encoded)}."
        )
    try:
        context = json.loads(base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error, RecursionError):
        context = None
    if not isinstance(context, dict):
        raise _bad_content("Client context must be a valid Base64-encoded JSON object.")
    return json.dumps(context)


def _bad_content(message: str) -> ApiError:
    return ApiError(400, "InvalidRequestContentException", message)


# --------------------------------------------------------------------------- answers


def accepted(request_id: str, trace_id: str) -> HttpResponse:
    """202 of an Event invocation."""
    return HttpResponse(202, _common(request_id, trace_id))


def dry_run(request_id: str, trace_id: str) -> HttpResponse:
    """204: it could have been invoked."""
    return HttpResponse(204, _common(request_id, trace_id))


def answer(call: InvokeCall, result: InvokeResult) -> HttpResponse:
    """The response to a synchronous invocation; 200 for the function's own errors too."""
    if result.throttle_reason:
        return throttled(result.throttle_reason, RETRY_AFTER_S).response(result.request_id)
    headers = [
        ("Content-Type", result.content_type),
        *_common(result.request_id, call.trace_id),
        (EXECUTED_VERSION_HEADER, result.executed_version),
    ]
    if result.error:
        headers.append((FUNCTION_ERROR_HEADER, result.error))
    if call.log_tail:
        headers.append((LOG_RESULT_HEADER, base64.b64encode(result.log_tail).decode()))
    return HttpResponse(200, tuple(headers), result.payload)


def _common(request_id: str, trace_id: str) -> tuple[tuple[str, str], ...]:
    return (
        (REQUEST_ID_HEADER, request_id),
        ("x-amzn-Remapped-Content-Length", "0"),
        (TRACE_HEADER, trace_id),
    )


def _missing_token() -> ApiError:
    """403 of a request without credentials."""
    return ApiError(
        403, "MissingAuthenticationTokenException", "Missing Authentication Token", type=""
    )


def check_authorization(request: HttpRequest) -> None:
    """Raise 403 unless the request carries something of SigV4's shape, as header or query.

    Whether the signature is right is not looked at here.
    """
    header = request.header("Authorization")
    if header is None:
        if "X-Amz-Signature=" not in request.raw_query:
            raise _missing_token()
    elif not header.startswith("AWS4-") or "Credential=" not in header:
        raise ApiError(
            403,
            "IncompleteSignatureException",
            "Authorization header requires 'Credential' parameter. Authorization header requires "
            "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
            type="",
        )
