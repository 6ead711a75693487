"""Whether an answer that is OK keeps the contract of the service that the event imitates."""

from __future__ import annotations

from collections.abc import Callable

from bench.endpoints.registry import function_payload
from bench.endpoints.responses import one_line
from bench.model.endpoint import EndpointKind
from bench.payloads.source import EventSource, response_contract

ResponseCheck = Callable[[int, bytes, bytes], str | None]
"""(number of the event, event, response body) → what is wrong, in one line, or None."""


def response_check(kind: EndpointKind, source: EventSource) -> ResponseCheck | None:
    """The check for answers of an endpoint, or None where there is nothing to check.

    Only endpoints that hand the function's output through unchanged can be checked: through a
    front door the function answers the door, not the service.
    """
    contract = response_contract(source)
    if contract is None or not kind.facts.hands_output_on:
        return None

    def check(number: int, event: bytes, body: bytes) -> str | None:
        problem = contract(number, event, function_payload(kind, body) or b"")
        return None if problem is None else one_line("response contract", problem)

    return check
