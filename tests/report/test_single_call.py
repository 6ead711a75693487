from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from bench.model.endpoint import EndpointKind
from bench.model.outcome import Answer, Outcome, Report
from bench.model.profile import Variant
from bench.model.single_call import SingleCall, Spans
from bench.report.secrets import HIDDEN, without_secrets
from bench.report.single_call import LONGEST, call_lines

REPORT = Report("id", 51.9, 269, 512, 15, 216.24)
CALL = SingleCall(
    variant=Variant(EndpointKind.INVOKE, 512),
    request=b"POST /f?X-Amz-Signature=abc&n=1 HTTP/1.1\r\nAuthorization: AWS4-HMAC-SHA256 Cred"
    b'ential=AKIA\r\nX-Amz-Security-Token: t0ken\r\nAccept: */*\r\n\r\n{"n": 1}',
    command=(),
    status=200,
    head=b"HTTP/1.1 200 OK\r\nSet-Cookie: id=s3cret\r\nX-Amz-Log-Result: "
    + b64encode(b"START\n\x1b[31mREPORT x\n")
    + b"\r\n\r\n",
    body=b'{"a":\n\x1b[2J1}',
    answer=Answer(Outcome.OK, REPORT),
    request_id="id",
    spans=Spans(0, 771_000, None, 270_000_000, 271_000_000),
    region=None,
)


def said(call: SingleCall) -> str:
    return "\n".join(call_lines(call))


def test_a_call_is_shown_from_its_request_to_its_price() -> None:
    text = said(CALL)
    assert text.startswith("invoke-512MB  OK  271 ms\n  request\n    POST /f")
    for part in (
        '    {"n": 1}',
        "    HTTP/1.1 200 OK",
        "  log\n    START",
        "  outcome OK: status 200",
        "  REPORT  duration 51.9 ms, billed 269 ms, memory 15 of 512 MB, init 216.24 ms, a cold",
        "  time    DNS 0 ms, connect 0.771 ms, to the first byte 270 ms, to the last 271 ms",
        "  price   $2.44 for a million like it",
    ):
        assert part in text


def test_no_secret_and_no_control_character_is_shown() -> None:
    text = said(CALL)
    assert not any(secret in text for secret in ("abc", "AKIA", "t0ken", "s3cret"))
    assert text.count(HIDDEN) == 4 and "AWS4-HMAC-SHA256 (hidden)" in text
    assert "\x1b" not in text and "n=1" in text and "Accept: */*" in text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Authorization: Bearer abc", "Authorization: Bearer (hidden)"),
        ("X-Api-Key: abc", "X-Api-Key: (hidden)"),
        ("cookie: a=b; c=d", "cookie: (hidden)"),
        ("Content-Length: 12", "Content-Length: 12"),
        ("GET /a?token=x&page=2 HTTP/1.1", "GET /a?token=(hidden)&page=2 HTTP/1.1"),
        ("X-Amzn-Trace-Id: Root=1", "X-Amzn-Trace-Id: Root=1"),
        ("Keep-Alive: timeout=5", "Keep-Alive: timeout=5"),
    ],
)
def test_what_carries_a_secret_is_known_by_its_name(line: str, shown: str) -> None:
    assert without_secrets(line) == shown


def test_a_failure_says_why() -> None:
    failed = replace(CALL, answer=Answer(Outcome.TIMEOUT, detail="not done within 5 ms"), status=0)
    text = said(replace(failed, head=b"", body=b""))
    assert "  answer\n    none\n" in text
    assert "  outcome TIMEOUT: not done within 5 ms" in text
    assert "nothing is known of what was billed" in text


def test_a_redirect_is_told_as_one_that_is_not_followed() -> None:
    text = said(replace(CALL, status=301))
    assert "OK: status 301, a redirect, which is not followed: measure its Location" in text


def test_a_long_body_is_cut_and_a_binary_one_only_counted() -> None:
    assert "… and 5 characters more" in said(replace(CALL, body=b"x" * (LONGEST + 5)))
    assert "    2 bytes that are no text" in said(replace(CALL, body=b"\xff\xfe"))
