"""Keys that would have no effect beside the others: refused, since whoever set one meant it.

A key at its default is none of them: a resolved profile has every key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.model.endpoint import EndpointKind
from bench.model.profile import Connections, EventSpec, StopSpec, Target, TargetKind, Variant
from bench.schema.table import Table

NO_CONTENT = ("HEAD", "OPTIONS", "TRACE")
"""Methods that send no event: RFC 9110 forbids or discourages it, and servers take none."""
_API = "is for Invoke, and no endpoint in [[variants]] is of the Lambda API: leave it out"
_DOORS = "is for front doors and URLs, and none is in [[variants]]: leave it out"
_TLS = "is for https, and nothing is called by it: leave it out"

KeyProblem = tuple[str, str]
"""The key's path with what is wrong with it."""


def check_effects(
    root: Table,
    target: Target,
    variants: Sequence[Variant],
    connections: Connections,
    stop: StopSpec,
    max_spend_usd: float | None,
) -> None:
    """Note every key that says something and changes nothing."""
    if not variants:
        return
    kinds = {variant.endpoint for variant in variants}
    faults = (
        *_of_method(target, kinds),
        *_of_target(target, kinds),
        *_of_tls(target, kinds, connections),
        *_of_command(kinds, connections),
        *_of_spend(kinds, stop, max_spend_usd),
    )
    for key, words in faults:
        if not root.is_noted(key):
            root.fault(key, words)


def is_door(kind: EndpointKind) -> bool:
    """Whether it is called by the profile's own method, path and headers."""
    facts = kind.facts
    return not (facts.is_at_api or facts.takes_json_only)


def _of_method(target: Target, kinds: set[EndpointKind]) -> Iterator[KeyProblem]:
    """An event that a door would never get."""
    doors = sorted(kind.value for kind in kinds if is_door(kind))
    if not doors or target.events == (EventSpec(),):
        return
    if target.http_method in NO_CONTENT:
        yield (
            "target.method",
            f"{target.http_method} sends no event: leave the event out, or use POST or GET",
        )
    elif target.http_method == "GET" and EndpointKind.CLOUDFRONT in kinds:
        yield "target.method", "GET with an event is refused by CloudFront: use POST"


def _of_target(target: Target, kinds: set[EndpointKind]) -> Iterator[KeyProblem]:
    if not any(map(is_door, kinds)):
        defaults = Target(target.kind)
        for key, field in (
            ("method", "http_method"),
            ("path", "http_path"),
            ("headers", "http_headers"),
        ):
            if getattr(target, field) != getattr(defaults, field):
                yield f"target.{key}", _DOORS
    if not any(kind.facts.is_at_api for kind in kinds) and target.client_context is not None:
        yield "target.client_context", _API
    if not any(kind.facts.gives_log for kind in kinds) and not target.log_tail:
        yield "target.log_tail", _API


def _of_tls(
    target: Target, kinds: set[EndpointKind], connections: Connections
) -> Iterator[KeyProblem]:
    if target.kind is not TargetKind.HTTP:
        return
    urls = [target.urls.get(kind, "") for kind in kinds]
    if any(url.startswith("https:") for url in urls):
        return
    given = {
        "verify_tls": not connections.verify_tls,
        "ca_bundle": connections.ca_bundle is not None,
        "server_name": connections.server_name is not None,
        "http2": connections.http2,
    }
    for key, is_given in given.items():
        if is_given:
            yield f"connections.{key}", _TLS


def _of_command(kinds: set[EndpointKind], connections: Connections) -> Iterator[KeyProblem]:
    """What a process such as the AWS CLI cannot be told."""
    commands = sorted(kind.value for kind in kinds if kind.facts.is_command)
    if commands and connections.server_name is not None:
        yield (
            "connections.server_name",
            f'cannot be told to the process that the endpoint "{commands[0]}" starts, and which '
            "asks for its host's own name: leave out one of the two",
        )


def _of_spend(
    kinds: set[EndpointKind], stop: StopSpec, max_spend_usd: float | None
) -> Iterator[KeyProblem]:
    """Where nobody knows what is behind a URL, nothing is ever spent."""
    if any(kind.facts.function_rate is not None for kind in kinds):
        return
    words = "counts what functions cost, and nobody knows the price of a URL: leave it out"
    if stop.spend_usd is not None:
        yield "stop.spend", words
    if max_spend_usd is not None:
        yield "limits.max_spend", words
