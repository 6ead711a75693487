"""Events made by a named generator, and the check of what the function answers to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bench.errors import UsageError
from bench.payloads.base import Chance, encode_json
from bench.payloads.generators import GENERATORS
from bench.payloads.generators.base import Generator
from bench.units import shown

Contract = Callable[[int, bytes, bytes], str | None]
"""(index, event, response) → what is wrong with the response, or None."""


class GeneratedEvents:
    """One generator with its options. Raises UsageError for a wrong name or option."""

    def __init__(self, name: str, options: Mapping[str, Any], seed: int) -> None:
        self.generator = _find_generator(name)
        self._options = self.generator.with_defaults(options)
        self._chance = Chance(seed, name)
        few = self.generator.few
        self._few = [encode_json(event) for event in few(self._options)] if few else []
        self.constant = len(self._few) == 1

    def next(self, index: int) -> bytes:
        """The payload of invocation number index."""
        if self.constant:
            return self._few[0]
        random = self._chance.at(index)
        if self.generator.make is None:
            return random.choice(self._few)
        return encode_json(self.generator.make(random, index, self._options))

    def check(self, _index: int, event: bytes, response: bytes) -> str | None:
        """What the function's response to an event lacks, or None if it keeps the contract."""
        try:
            answer = json.loads(response)
            return self.generator.check(json.loads(event), answer, self._options)
        except ValueError:
            return "the response is no JSON"
        except RecursionError:
            return "the response is nested too deeply"


def _find_generator(name: str) -> Generator:
    """A generator by name. Raises UsageError, naming those that there are."""
    if name not in GENERATORS:
        raise UsageError(f"is no generator ({shown(name)}); there are {', '.join(GENERATORS)}")
    return GENERATORS[name]
