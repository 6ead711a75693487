"""botocore's own retry classes, registered as its clients do it, on answers of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

from botocore import retryhandler, translate
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import create_loader
from botocore.retries import adaptive, standard
from botocore.session import Session

from bench.model.outcome import Outcome

EXCEPTIONS = {
    Outcome.TIMEOUT: ReadTimeoutError(endpoint_url="http://127.0.0.1"),
    Outcome.CONNECT_ERROR: EndpointConnectionError(endpoint_url="http://127.0.0.1"),
    Outcome.PROTOCOL_ERROR: ConnectionClosedError(endpoint_url="http://127.0.0.1"),
}
"""What botocore raises where an attempt of ours has no answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How an attempt ends: an answer with a status, or a failure without one."""

    status: int = 200
    code: str = ""
    hint_ms: str = ""
    """`x-amz-retry-after`, '' for none."""
    failure: Outcome | None = None
    is_function_error: bool = False


BEFORE_2026 = "standard before 2026"


class _OldQuota(standard.RetryQuotaChecker):  # type: ignore[misc]
    """What a retry cost: 10 after a timeout, else 5."""

    _THROTTLING_RETRY_COST = 5

    def acquire_retry_quota(self, context: Any) -> Any:
        is_timeout = isinstance(context.caught_exception, ReadTimeoutError | ConnectTimeoutError)
        self._RETRY_COST = 10 if is_timeout else 5
        return super().acquire_retry_quota(context)


def _as_before_2026(handler: Any) -> None:
    """botocore 1.44's classes with the figures of 1.43, which none of its own modes has any more.

    The same sequences were also held against the classes of 1.43.11 themselves: the one other
    difference is a 429 without an error code, which Lambda does not send and 1.43 gives up on.
    """
    backoff, quota = handler._retry_policy._retry_backoff, handler._retry_quota
    backoff._get_base_scale = lambda _context: 1
    backoff._get_retry_after_delay = lambda _context: None
    quota.__class__ = _OldQuota


@cache
def invoke_model() -> Any:
    """The Invoke operation of botocore's model of Lambda."""
    return Session().get_service_model("lambda").operation_model("Invoke")


@dataclass(slots=True)
class Invocation:
    """One call of a client's, through all of its attempts."""

    attempt: int = 1
    context: dict[str, Any] = field(default_factory=lambda: {"retries": {}})


class BotocoreClient:
    """A client's retry handlers. jitter: what its random source gives, one for every draw."""

    def __init__(self, mode: str, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._events = HierarchicalEmitter()
        self._service = invoke_model().service_model
        meta = SimpleNamespace(service_model=self._service, events=self._events)
        client = SimpleNamespace(meta=meta)
        self._quota: Any = None
        self.limiter: Any = None
        if mode == "legacy":
            self._register_legacy()
            return
        handler = standard.register_retry_handler(client)
        handler._retry_policy._retry_backoff._random = jitter
        self._quota = handler._retry_quota._quota
        if mode == BEFORE_2026:
            _as_before_2026(handler)
        if mode == "adaptive":
            self.limiter = adaptive.register_retry_handler(client)

    @property
    def tokens(self) -> int | None:
        """What is left for retries; None for no limit."""
        left: int | None = None if self._quota is None else self._quota.available_capacity
        return left

    def judge(self, invocation: Invocation, reply: Reply) -> float | None:
        """Seconds to wait before the next attempt; None for none."""
        response = None if reply.failure is not None else _response(reply)
        delay_s = self._delay_s(invocation, reply, response)
        if delay_s is not None:
            invocation.attempt += 1
            return delay_s
        self._events.emit(
            "after-call.lambda.Invoke",
            http_response=None if response is None else response[0],
            parsed=None if response is None else response[1],
            model=invoke_model(),
            context=invocation.context,
        )
        return None

    def _delay_s(self, invocation: Invocation, reply: Reply, response: Any) -> float | None:
        error = None if reply.failure is None else EXCEPTIONS[reply.failure]
        try:
            with mock.patch.object(retryhandler.random, "random", self._jitter):
                answers = self._events.emit(
                    "needs-retry.lambda.Invoke",
                    response=response,
                    endpoint=None,
                    operation=invoke_model(),
                    attempts=invocation.attempt,
                    caught_exception=error,
                    request_dict={"context": invocation.context},
                )
        except (ReadTimeoutError, EndpointConnectionError, ConnectionClosedError):
            return None  # the legacy mode lets the last one through
        return next((found for _, found in answers if found is not None), None)

    def _register_legacy(self) -> None:
        """As botocore.client does it."""
        known = create_loader().load_data("_retry")
        config = translate.build_retry_config("lambda", known["retry"], known["definitions"], None)
        handler = retryhandler.create_retry_handler(config, "lambda")
        self._events.register("needs-retry.lambda", handler)


def _response(reply: Reply) -> tuple[Any, dict[str, Any]]:
    headers = {"x-amz-retry-after": reply.hint_ms} if reply.hint_ms else {}
    parsed: dict[str, Any] = {"ResponseMetadata": {"HTTPStatusCode": reply.status}}
    if reply.status >= 300:
        parsed["Error"] = {"Code": reply.code or str(reply.status), "Message": ""}
    return SimpleNamespace(status_code=reply.status, headers=headers, content=b""), parsed
