"""Frames, read back by botocore's own parser."""

from __future__ import annotations

import base64
import json

from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from bench.local.doors.eventstream import invoke_complete, message, payload_chunk
from bench.local.model import InvokeResult


@given(
    payload=st.binary(max_size=2000),
    headers=st.dictionaries(
        st.text("abc:-", min_size=1, max_size=40), st.text("xyz /", max_size=300), max_size=5
    ),
)
def test_any_message_reads_back(payload: bytes, headers: dict[str, str]) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(message(headers, payload))
    (read,) = list(buffer)
    assert (read.headers, read.payload) == (headers, payload)


def test_a_stream_of_chunks_and_its_end() -> None:
    result = InvokeResult("i", b'{"errorType":"X"}', "1", "Unhandled", "X", log_tail=b"END\n")
    buffer = EventStreamBuffer()
    buffer.add_data(payload_chunk(b"one") + payload_chunk(b"two") + invoke_complete(result, True))
    one, two, end = list(buffer)
    assert [one.payload, two.payload] == [b"one", b"two"]
    assert one.headers[":event-type"] == "PayloadChunk"
    assert end.headers[":event-type"] == "InvokeComplete"
    assert json.loads(end.payload) == {
        "ErrorCode": "X",
        "ErrorDetails": '{"errorType":"X"}',
        "LogResult": base64.b64encode(b"END\n").decode(),
    }
