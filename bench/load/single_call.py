"""One call of each variant, kept whole: for the eye, not for figures."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from time import time

from bench.aws.credentials import Credentials, renewed
from bench.endpoints.base import Endpoint
from bench.endpoints.contract import response_check
from bench.endpoints.registry import command_endpoint_for, endpoint_for
from bench.load.targets.open import open_target
from bench.load.worker import open_pool
from bench.model.load import Binding
from bench.model.outcome import Answer, Outcome
from bench.model.profile import Profile
from bench.model.single_call import SingleCall, Spans
from bench.payloads.source import event_source
from bench.wire.environment import reached_by_environment
from bench.wire.exchange import Exchange, Wire


async def call_each(profile: Profile) -> AsyncIterator[SingleCall]:
    """Bring the target up, call every variant once with the first event, and let it go again.

    No call is tried a second time. Raises TargetError.
    """
    connections = reached_by_environment(profile, os.environ)
    target = open_target(profile, connections)
    reached = replace(profile, connections=connections)
    try:
        bindings = await target.bind(profile.variants)
        credentials = target.credentials
        for binding in bindings:
            if credentials is not None:
                fresh = await asyncio.to_thread(renewed, credentials, os.environ, int(time()))
                credentials = fresh or credentials
            yield await _call(reached, binding, credentials)
    finally:
        await target.close()


async def _call(profile: Profile, binding: Binding, credentials: Credentials | None) -> SingleCall:
    endpoint, wire, argv = _open(profile, binding, credentials)
    events = event_source(profile.client_of(binding.variant).events, profile.load.seed)
    event = events.next(0)
    request = endpoint.request(event, int(time()))
    exchange = _Exchange(request, endpoint.body_limit)
    try:
        wire.submit(exchange)
        await exchange.ended.wait()
    finally:
        wire.close()
    answer = _answer(endpoint, exchange)
    check = response_check(binding.variant.endpoint, events)
    problem = check(0, event, exchange.body) if check and answer.outcome is Outcome.OK else None
    if problem is not None:
        answer = Answer(Outcome.FUNCTION_ERROR, report=answer.report, detail=problem)
    return SingleCall(
        binding.variant,
        request,
        argv(event),
        exchange.status,
        exchange.head,
        exchange.body,
        answer,
        answer.request_id or endpoint.request_id(exchange.head),
        _spans(exchange),
        binding.region,
    )


class _Exchange(Exchange):
    """An exchange that somebody waits for."""

    __slots__ = ("ended",)

    def __init__(self, request: bytes, body_limit: int) -> None:
        super().__init__(request, body_limit)
        self.ended = asyncio.Event()

    def finished(self) -> None:
        self.ended.set()


def _open(
    profile: Profile, binding: Binding, credentials: Credentials | None
) -> tuple[Endpoint, Wire, Callable[[bytes], tuple[str, ...]]]:
    """Endpoint and wire, and the command that an event starts where it is no request."""
    client = profile.client_of(binding.variant)
    target = replace(profile.target, events=client.events)
    if not binding.variant.endpoint.facts.is_command:
        endpoint = endpoint_for(binding, target, credentials)
        wire = open_pool(endpoint.origin, client.timeouts, client.connections)
        return endpoint, wire, lambda _: ()
    from bench.wire.process import CommandAdapter, CommandWire

    command = command_endpoint_for(binding, target, credentials)
    adapter = CommandAdapter(command, binding.variant.endpoint.facts.answer_limit_bytes)
    return (
        adapter,
        CommandWire(command, client.timeouts),
        lambda event: command.command(event).argv,
    )


def _answer(endpoint: Endpoint, exchange: Exchange) -> Answer:
    if exchange.failure is not None:
        return Answer(exchange.failure, detail=exchange.detail)
    return endpoint.classify(exchange.status, exchange.head, exchange.body)


def _spans(exchange: Exchange) -> Spans:
    sent_ns = exchange.sent_ns

    def since_sent(at_ns: int) -> int | None:
        return at_ns - sent_ns if at_ns >= 0 and sent_ns >= 0 else None

    def known(span_ns: int) -> int | None:
        return span_ns if span_ns >= 0 else None

    return Spans(
        known(exchange.dns_ns),
        known(exchange.connect_ns),
        known(exchange.tls_ns),
        since_sent(exchange.first_ns),
        since_sent(exchange.last_ns),
    )
