"""Invoke with response stream: HTTP is 200 before the function has begun, so the end decides.

The body is a row of event-stream frames: PayloadChunk, then InvokeComplete with the error and the
log's tail. Without InvokeComplete, or with a checksum that is wrong, nothing is known of the
outcome: PROTOCOL_ERROR. The first byte received is the first frame's, the last byte the end's.
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

from bench.aws.report_line import parse_log_result
from bench.endpoints.base import Head
from bench.endpoints.eventstream import BrokenStream, EventFrame, read_frames
from bench.endpoints.invoke import SERVICE_HEADERS, function_error, service_error
from bench.endpoints.request_template import CompiledEndpoint
from bench.endpoints.responses import (
    THROTTLE_CODES,
    hint_of,
    json_object,
    one_line,
    pick,
    request_id_of,
)
from bench.lambda_facts import STREAM_PREFIX, STREAM_SUFFIX
from bench.model.outcome import Answer, Outcome


class StreamEndpoint(CompiledEndpoint):
    """Invoke with an answer in frames, which count once the last has come.

    `POST /2021-11-15/functions/{name}/response-streaming-invocations`.
    """

    def classify(self, status: int, head: Head, body: bytes) -> Answer:
        """The answer, once the stream has ended."""
        found = pick(head, SERVICE_HEADERS)
        request_id = request_id_of(found)
        if status != 200:
            outcome, detail = service_error(status, found, body)
            return Answer(outcome, None, hint_of(found), request_id, detail)
        try:
            last = None
            for last in read_frames(body):  # noqa: B007 - all are checked, the last one tells
                pass
        except BrokenStream as error:
            return Answer(
                Outcome.PROTOCOL_ERROR, request_id=request_id, detail=one_line("stream", error)
            )
        return _ended(last, request_id)


def stream_path(function: str, qualifier: str | None) -> str:
    """Path and query of a streaming invocation."""
    path = f"{STREAM_PREFIX}{quote(function, safe='')}{STREAM_SUFFIX}"
    return f"{path}?Qualifier={quote(qualifier, safe='')}" if qualifier else path


def streamed_payload(body: bytes) -> bytes:
    """What the function streamed, put together; as far as it can be read."""
    chunks: list[memoryview] = []
    with suppress(BrokenStream):
        chunks.extend(
            frame.payload
            for frame in read_frames(body)
            if frame.headers.get(":event-type") == "PayloadChunk"
        )
    return b"".join(chunks)


def _ended(last: EventFrame | None, request_id: str) -> Answer:
    if last is None:
        return Answer(Outcome.PROTOCOL_ERROR, request_id=request_id, detail="stream: empty")
    kind = last.headers.get(":event-type", "")
    if last.headers.get(":message-type", "event") != "event":
        return _exception(last, request_id)
    if kind != "InvokeComplete":
        detail = one_line("stream", f"ended with {kind or 'a frame without a type'}")
        return Answer(Outcome.PROTOCOL_ERROR, request_id=request_id, detail=detail)
    said = json_object(bytes(last.payload))
    log = said.get("LogResult")
    report = parse_log_result(log.encode("utf-8", "replace")) if isinstance(log, str) else None
    code = said.get("ErrorCode")
    if not code:
        return Answer(Outcome.OK, report, None, request_id)
    details = said.get("ErrorDetails")
    text = details.encode("utf-8", "replace") if isinstance(details, str) else b""
    payload = json_object(text)
    detail = function_error(text, report) if "errorType" in payload else one_line(code, details)
    return Answer(Outcome.FUNCTION_ERROR, report, None, request_id, detail)


def _exception(frame: EventFrame, request_id: str) -> Answer:
    """A message of type exception or error: the service broke the stream off."""
    code = frame.headers.get(":exception-type") or frame.headers.get(":error-code", "")
    message = json_object(bytes(frame.payload)).get("message") or frame.headers.get(
        ":error-message", ""
    )
    throttled = code in THROTTLE_CODES or code[:1].upper() + code[1:] in THROTTLE_CODES
    outcome = Outcome.THROTTLED if throttled else Outcome.SERVER_ERROR
    return Answer(outcome, request_id=request_id, detail=one_line("stream", code, message))
