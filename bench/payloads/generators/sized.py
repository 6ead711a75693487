"""Events of an exact size, up to the limits of every way in."""

from __future__ import annotations

from typing import Any

from bench.errors import UsageError
from bench.payloads.base import parse_size
from bench.payloads.generators.base import Generator, GeneratorOption, Options, any_response

_FRAME_BYTES = len('{"padding":""}')


def _few(options: Options) -> list[Any]:
    sizes = [parse_size(part) for part in options["size"].split(",")]
    if min(sizes) < _FRAME_BYTES:
        raise UsageError(f"has a size of {min(sizes)} bytes; the smallest event has {_FRAME_BYTES}")
    return [{"padding": "x" * (size - _FRAME_BYTES)} for size in sizes]


GENERATOR = Generator(
    "sized",
    "an event of an exact size, to measure what payloads cost",
    {"size": GeneratorOption("1KB", "size, or several with commas, drawn evenly: 1KB,256KB,6MB")},
    check=any_response,
    few=_few,
)
