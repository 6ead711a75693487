"""What all endpoints share in reading answers: headers, hints, one-line details, plain statuses.

Nothing here raises, whatever the server sent.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from time import time
from typing import Any

from bench.endpoints.base import Head, head_lines
from bench.endpoints.http_date import http_date_s
from bench.lambda_facts import (
    ALB_REASON_HEADER,
    CACHE_HEADER,
    EDGE_ID_HEADER,
    ERROR_TYPE_HEADER,
    HTTP_API_ID_HEADER,
    REPORT_HEADER,
    REQUEST_ID_HEADER,
    RETRY_AFTER_HEADER,
    SDK_RETRY_AFTER_HEADER,
)
from bench.model.outcome import Hint, Outcome
from bench.model.plain import LONGEST, plain
from bench.model.times import NS_PER_MS, NS_PER_S

DETAIL_LIMIT = LONGEST
"""Characters of a failure's detail."""
READABLE_BYTES = 256 * 1024
"""A longer error body is not parsed: its beginning has to do."""
_LONGEST_HINT_NS = 3600 * NS_PER_S
_DIGITS = re.compile(rb"[0-9]{1,12}")
_LONGEST_ID = 128


def key_of(header: str) -> bytes:
    """A header's name as `pick` has it: in lower case, so that any spelling is the same."""
    return header.lower().encode("ascii")


ERROR_TYPE = key_of(ERROR_TYPE_HEADER)
CACHE = key_of(CACHE_HEADER)
REPORT = key_of(REPORT_HEADER)
ALB_REASON = key_of(ALB_REASON_HEADER)
_RETRY_AFTER_MS = key_of(SDK_RETRY_AFTER_HEADER)
_RETRY_AFTER_S = key_of(RETRY_AFTER_HEADER)
_DATE = b"date"
HINTS = frozenset({_RETRY_AFTER_MS, _RETRY_AFTER_S, _DATE})
"""Headers that `hint_of` reads."""
REQUEST_IDS = (
    key_of(REQUEST_ID_HEADER),
    key_of(HTTP_API_ID_HEADER),
    key_of(EDGE_ID_HEADER),
    b"x-request-id",
)
"""Headers with the server's id of a request, the best one first."""

THROTTLE_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Error codes that AWS SDKs retry as throttling. Source: botocore's retries.standard."""


def line_with(*names: bytes) -> Callable[[Head], object]:
    """Looks whether a head may have one of these headers, at the price of one search."""
    return re.compile(rb"\n(?:%s):" % b"|".join(map(re.escape, names)), re.IGNORECASE).search


def pick(head: Head, wanted: frozenset[bytes]) -> dict[bytes, bytes]:
    """The wanted headers (names in lower case) that are there; of repeated ones the last."""
    unwanted = _UNWANTED[wanted]
    found = {}
    for line in head_lines(head):
        if line in unwanted:
            continue
        name, _, value = line.partition(b":")
        key = name.strip().lower()
        if key in wanted:
            found[key] = value.strip()
        elif len(unwanted) < _UNWANTED_LIMIT:
            unwanted.add(line)
        else:
            unwanted.clear()
    return found


_UNWANTED: defaultdict[frozenset[bytes], set[bytes]] = defaultdict(set)
"""Lines of heads seen before of which nobody wants anything: most lines of a server are the same
in every answer."""
_UNWANTED_LIMIT = 512


def request_id_of(found: dict[bytes, bytes]) -> str:
    """The server's id of the request, or '' for none that can be printed."""
    for name in REQUEST_IDS:
        if name in found:
            request_id = found[name].decode("latin-1")[:_LONGEST_ID]
            return request_id if request_id.isprintable() else ""
    return ""


def hint_of(found: dict[bytes, bytes], now_s: Callable[[], float] = time) -> Hint | None:
    """The server's hint: `x-amz-retry-after` in milliseconds, else `Retry-After`.

    That one is a whole number of seconds, digits alone, or an HTTP date (RFC 9110, 10.2.3), which
    counts from the answer's own Date, else from now_s. None for anything else and for a date that
    has passed; at most an hour.
    """
    wait_ms = found.get(_RETRY_AFTER_MS, b"")
    if _DIGITS.fullmatch(wait_ms):
        return Hint(min(int(wait_ms) * NS_PER_MS, _LONGEST_HINT_NS), of_sdk=True)
    text = found.get(_RETRY_AFTER_S, b"")
    if _DIGITS.fullmatch(text):
        return Hint(min(int(text) * NS_PER_S, _LONGEST_HINT_NS))
    then_s = http_date_s(text)
    if then_s is None:
        return None
    sent_s = http_date_s(found.get(_DATE, b""))
    delay_s = then_s - (now_s() if sent_s is None else sent_s)
    return Hint(min(round(delay_s * NS_PER_S), _LONGEST_HINT_NS)) if delay_s > 0 else None


def json_object(body: bytes, limit: int = READABLE_BYTES) -> dict[str, Any]:
    """The body as a JSON object; {} if it is none, or longer than limit bytes."""
    if len(body) > limit:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def one_line(*parts: object) -> str:
    """The parts that are not empty, joined by ': ' and cut to one short printable line."""
    text = ": ".join(str(part) for part in parts if part not in (None, ""))
    return plain(text)


def excerpt(body: bytes) -> str:
    """The beginning of a body that could not be understood."""
    return one_line(body[: DETAIL_LIMIT * 4].decode("utf-8", "replace"))


def status_outcome(status: int) -> Outcome:
    """What an HTTP status means by itself: 2xx and 3xx succeed, 429 throttles.

    Redirects are answers and are not followed, unlike with k6, hey and oha: each request is one.
    """
    if 200 <= status < 400:
        return Outcome.OK
    if status == 429:
        return Outcome.THROTTLED
    if 400 <= status < 500:
        return Outcome.CLIENT_ERROR
    if 500 <= status < 600:
        return Outcome.SERVER_ERROR
    return Outcome.PROTOCOL_ERROR
