"""Endpoints and answers for the tests of this folder."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from bench.aws.credentials import Credentials
from bench.endpoints.base import Endpoint, head_of
from bench.endpoints.registry import endpoint_for
from bench.model.endpoint import EndpointKind
from bench.model.load import Binding
from bench.model.outcome import Answer
from bench.model.profile import Target, TargetKind, Variant

REQUEST_ID = "0a6ff3f4-4f22-4c7d-9d4a-9b3c8e8f3b11"
REPORT = (
    f"REPORT RequestId: {REQUEST_ID}\tDuration: 2.37 ms\tBilled Duration: 3 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 40 MB\t"
)
KEYS = Credentials("AKIDEXAMPLE", "secret")
EPOCH_S = 1_790_000_000


def binding(kind: EndpointKind, **changes: Any) -> Binding:
    values: dict[str, Any] = {
        "variant": Variant(kind, None if kind is EndpointKind.HTTP else 128),
        "url": "http://127.0.0.1:9001",
        "function": "primes",
        "qualifier": "7",
        "region": "us-east-1",
    }
    return Binding(**values | changes)


def target(**changes: Any) -> Target:
    values: dict[str, Any] = {"kind": TargetKind.LOCAL, "function": "primes"}
    return Target(**values | changes)


def endpoint(kind: EndpointKind, credentials: Credentials | None = None, **bound: Any) -> Endpoint:
    return endpoint_for(binding(kind, **bound), target(), credentials)


def classify(kind: EndpointKind, status: int, body: bytes = b"", **headers: str | bytes) -> Answer:
    """Keyword `x_amz_function_error="Unhandled"` is the header X-Amz-Function-Error."""
    head = head_of(
        (
            name.replace("_", "-").title().encode(),
            value if isinstance(value, bytes) else value.encode(),
        )
        for name, value in headers.items()
    )
    made = endpoint(kind)
    answer = made.classify(status, head, body)
    return replace(answer, request_id=answer.request_id or made.request_id(head))


def log_tail(report: str = REPORT) -> str:
    log = f"START RequestId: {REQUEST_ID} Version: 7\nEND RequestId: {REQUEST_ID}\n{report}\n"
    return base64.b64encode(log.encode()).decode()


def parsed(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """Request line, headers by lower-case name, body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    return first, {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}, body
