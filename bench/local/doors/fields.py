"""Requests taken apart as the doors' events want it: headers, query, body. Nothing here raises."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from urllib.parse import unquote_plus

from bench.local.model import HttpRequest

Pairs = Sequence[tuple[str, str]]

TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def without(pairs: Pairs, dropped: frozenset[str]) -> list[tuple[str, str]]:
    """The headers whose lower-case names are not among dropped."""
    return [(name, value) for name, value in pairs if name.lower() not in dropped]


def lower(pairs: Pairs) -> list[tuple[str, str]]:
    """The headers in their order, with names in lower case."""
    return [(name.lower(), value) for name, value in pairs]


def forwarded(request: HttpRequest) -> str:
    """X-Forwarded-For with the caller appended."""
    before = request.header("x-forwarded-for")
    return f"{before}, {request.client_ip}" if before else request.client_ip


def overriding(pairs: Pairs, added: Pairs) -> list[tuple[str, str]]:
    """pairs with the added ones in the place of those of the same name, in any case."""
    names = frozenset(name.lower() for name, _ in added)
    return [*without(pairs, names), *added]


def last_values(pairs: Pairs) -> dict[str, str]:
    """Name to value; of several values the last one."""
    return dict(pairs)


def all_values(pairs: Pairs) -> dict[str, list[str]]:
    """Name to all of its values, in order."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def joined_values(pairs: Pairs) -> dict[str, str]:
    """Name to its values, joined by commas."""
    return {name: ",".join(values) for name, values in all_values(pairs).items()}


def raw_query(query: str) -> list[tuple[str, str]]:
    """Query parameters as they were sent, nothing decoded."""
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(name, value) for name, _, value in parts]


def decoded_query(query: str) -> list[tuple[str, str]]:
    """Query parameters, decoded; bytes that are no UTF-8 become U+FFFD."""
    return [(unquote_plus(name), unquote_plus(value)) for name, value in raw_query(query)]


def media_type(request: HttpRequest) -> str:
    """Content-Type without parameters, in lower case; '' without one."""
    return (request.header("content-type") or "").partition(";")[0].strip().lower()


def is_text(request: HttpRequest) -> bool:
    """Whether a body goes into the event as text: by its type, unless it is encoded.

    Source: the ALB guide, "Receive events from the load balancer".
    """
    if request.header("content-encoding"):
        return False
    kind = media_type(request)
    return kind.startswith("text/") or kind in TEXT_TYPES


def matches(kind: str, patterns: Iterable[str]) -> bool:
    """Whether a media type is among patterns such as `image/png`, `image/*` or `*/*`."""
    family = kind.partition("/")[0]
    return any(pattern in (kind, "*/*", f"{family}/*") for pattern in patterns)


def text(body: bytes) -> str:
    """A body as text; bytes that are no UTF-8 become U+FFFD."""
    return body.decode("utf-8", "replace")


def base64_text(body: bytes) -> str:
    """A body as an event with isBase64Encoded has it."""
    return base64.b64encode(body).decode("ascii")
