import base64
import json
import struct
from binascii import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from bench.endpoints.eventstream import BrokenStream, read_frames
from bench.endpoints.registry import function_payload
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Hint, Outcome
from tests.endpoints.build import REPORT, REQUEST_ID, classify, log_tail

STREAM = EndpointKind.STREAM


def frame(headers: dict[str, str], payload: bytes = b"") -> bytes:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    encoded = b"".join(
        struct.pack(">B", len(name)) + name + struct.pack(">BH", 7, len(value)) + value
        for name, value in pairs
    )
    return raw_frame(encoded, payload)


def raw_frame(headers: bytes, payload: bytes = b"") -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return body + struct.pack(">I", crc32(body))


def event(kind: str, payload: bytes = b"") -> bytes:
    return frame({":event-type": kind, ":message-type": "event"}, payload)


def complete(**members: str) -> bytes:
    return event("InvokeComplete", json.dumps(members).encode())


CHUNKS = event("PayloadChunk", b'{"a":') + event("PayloadChunk", b"1}")


def test_a_stream_that_completes_is_ok_and_tells_its_report() -> None:
    body = CHUNKS + complete(LogResult=log_tail())
    answer = classify(STREAM, 200, body, x_amzn_requestid=REQUEST_ID)
    assert answer.outcome is Outcome.OK
    assert answer.report is not None
    assert answer.report.duration_ms == 2.37
    assert answer.request_id == REQUEST_ID
    assert function_payload(STREAM, body) == b'{"a":1}'


def test_the_end_of_the_stream_decides_though_http_said_200() -> None:
    details = json.dumps({"errorType": "ValueError", "errorMessage": "no"})
    body = CHUNKS + complete(ErrorCode="Unhandled", ErrorDetails=details, LogResult=log_tail())
    answer = classify(STREAM, 200, body)
    assert (answer.outcome, answer.detail) == (Outcome.FUNCTION_ERROR, "ValueError: no")
    assert answer.report is not None
    bare = classify(STREAM, 200, complete(ErrorCode="Sandbox.Timedout", ErrorDetails="too long"))
    assert (bare.outcome, bare.detail) == (Outcome.FUNCTION_ERROR, "Sandbox.Timedout: too long")


def test_an_exception_within_the_stream_is_the_services() -> None:
    kind = {":message-type": "exception", ":exception-type": "ServiceException"}
    answer = classify(STREAM, 200, CHUNKS + frame(kind, b'{"message":"sorry"}'))
    assert (answer.outcome, answer.detail) == (
        Outcome.SERVER_ERROR,
        "stream: ServiceException: sorry",
    )
    kind = {":message-type": "exception", ":exception-type": "throttlingException"}
    assert classify(STREAM, 200, frame(kind)).outcome is Outcome.THROTTLED


def test_before_the_stream_begins_errors_are_those_of_the_invoke_api() -> None:
    answer = classify(STREAM, 429, b'{"Reason":"CallerRateLimitExceeded"}', retry_after="1")
    assert (answer.outcome, answer.hint) == (Outcome.THROTTLED, Hint(1_000_000_000))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        CHUNKS,
        CHUNKS + complete()[:-1],
        CHUNKS + complete()[:7],
        CHUNKS + b"\0" * 16,
        b"<html>not a stream</html>",
        frame({":message-type": "event"}),
        raw_frame(b"\xff"),
        raw_frame(b"\x01a\x07\xff\xffx"),
        raw_frame(b"\x01a\x63"),
    ],
)
def test_a_stream_without_a_whole_end_is_a_protocol_error(body: bytes) -> None:
    answer = classify(STREAM, 200, body)
    assert answer.outcome is Outcome.PROTOCOL_ERROR
    assert answer.detail.startswith("stream: ")


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unseen(at: int, bit: int) -> None:
    body = bytearray(CHUNKS + complete(LogResult=log_tail(REPORT)))
    body[at % len(body)] ^= 1 << bit
    with pytest.raises(BrokenStream):
        list(read_frames(bytes(body)))


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=20), max_size=3),
            st.binary(max_size=100),
        ),
        max_size=4,
    )
)
def test_frames_are_read_as_botocore_reads_them(parts: list[tuple[dict[str, str], bytes]]) -> None:
    data = b"".join(frame(headers, payload) for headers, payload in parts)
    theirs = EventStreamBuffer()
    theirs.add_data(data)
    expected = [(message.headers, message.payload) for message in theirs]
    assert [(found.headers, bytes(found.payload)) for found in read_frames(data)] == expected


def test_headers_of_other_types_are_passed_over() -> None:
    kinds = [
        b"\x00",
        b"\x01",
        b"\x02x",
        b"\x03xx",
        b"\x04xxxx",
        b"\x05xxxxxxxx",
        b"\x06\x00\x02xx",
        b"\x08xxxxxxxx",
        b"\x09xxxxxxxxxxxxxxxx",
    ]
    headers = b"".join(b"\x01h" + kind for kind in kinds) + b"\x01k\x07\x00\x01v"
    (found,) = read_frames(raw_frame(headers, b"p"))
    assert (found.headers, bytes(found.payload)) == ({"k": "v"}, b"p")


def test_a_log_that_is_no_base64_is_no_report() -> None:
    for log in ("ü", "!!!", base64.b64encode(b"nothing").decode()):
        assert classify(STREAM, 200, complete(LogResult=log)).report is None
