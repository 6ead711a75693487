"""The function's own output within an answer, for the endpoints that hand it through unchanged."""

from __future__ import annotations

from bench.endpoints.aws_cli import split_output
from bench.endpoints.invoke_stream import streamed_payload
from bench.endpoints.step_functions import execution_output
from bench.model.profile import EndpointKind

HANDED_THROUGH = frozenset(
    {EndpointKind.INVOKE, EndpointKind.STREAM, EndpointKind.STEP_FUNCTIONS, EndpointKind.CLI}
)
"""Endpoints whose answer has the function's output in it as it was."""


def function_payload(kind: EndpointKind, body: bytes) -> bytes | None:
    """What the function returned, or None where the endpoint makes something else of it.

    body is what `classify` was given; for the CLI, its stdout. Meant for answers that are OK: a
    response contract of bench.payloads is checked against it.
    """
    if kind is EndpointKind.INVOKE:
        return body
    if kind is EndpointKind.STREAM:
        return streamed_payload(body)
    if kind is EndpointKind.STEP_FUNCTIONS:
        return execution_output(body)
    if kind is EndpointKind.CLI:
        return split_output(body)[0]
    return None
