"""Where payloads come from. Event number i depends on the seed and on i alone.

Messages of errors are meant to stand behind a key of the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.errors import UsageError
from bench.model.profile import EventKind, EventSpec
from bench.payloads.base import ConstantEvents, EventSource, encode_json, read_bytes
from bench.payloads.feed import feed_events
from bench.payloads.generated import Contract, GeneratedEvents
from bench.payloads.mixture import Mixture
from bench.payloads.template import template_events

__all__ = ["Contract", "EventSource", "event_source", "response_contract"]


def event_source(
    specs: Sequence[EventSpec], seed: int, base_dir: Path | None = None
) -> EventSource:
    """The source that the specs describe; several are mixed by weight.

    base_dir is what relative paths start from. Raises UsageError for a file that cannot be read
    and a spec that cannot be carried out.
    """
    if not specs:
        raise UsageError("needs at least one source of events")
    if any(not 0 < spec.weight < float("inf") for spec in specs):
        raise UsageError("has a weight that is not above 0")
    sources = [_source(spec, seed + number, base_dir) for number, spec in enumerate(specs)]
    if len(sources) == 1:
        return sources[0]
    return Mixture(sources, [spec.weight for spec in specs], seed)


def response_contract(source: EventSource) -> Contract | None:
    """The check of a function's responses that a source's generators bring, or None without one.

    Called with (index, event, response), it says what is wrong with the response, or None.
    """
    if isinstance(source, GeneratedEvents):
        return source.check
    if isinstance(source, Mixture):
        parts = [response_contract(part) for part in source.sources]
        if any(part is not None for part in parts):
            return lambda index, event, response: _checked(
                parts[source.choose(index)], index, event, response
            )
    return None


def _checked(part: Contract | None, index: int, event: bytes, response: bytes) -> str | None:
    return None if part is None else part(index, event, response)


def _source(spec: EventSpec, seed: int, base_dir: Path | None) -> EventSource:
    return _SOURCES[spec.kind](spec, seed, base_dir)


def _literal(spec: EventSpec, _seed: int, _base_dir: Path | None) -> EventSource:
    return ConstantEvents(encode_json(spec.value))


def _file(spec: EventSpec, _seed: int, base_dir: Path | None) -> EventSource:
    return ConstantEvents(read_bytes(spec.path, base_dir))


def _generator(spec: EventSpec, seed: int, _base_dir: Path | None) -> EventSource:
    return GeneratedEvents(str(spec.value), spec.options, seed)


_SOURCES: dict[EventKind, Callable[[EventSpec, int, Path | None], EventSource]] = {
    EventKind.LITERAL: _literal,
    EventKind.FILE: _file,
    EventKind.TEMPLATE: template_events,
    EventKind.FEED: feed_events,
    EventKind.GENERATOR: _generator,
}
