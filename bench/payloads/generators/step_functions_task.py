"""A task of a Step Functions state machine: its input as it stands, its output any JSON."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from bench.payloads.generators.base import (
    Generator,
    GeneratorOption,
    Options,
    instant,
    iso,
    uuid_of,
)

DATA_LIMIT_BYTES = 256 * 1024
"""Of a task's input and output, each."""


def _make(random: Random, index: int, options: Options) -> Any:
    return {
        "orderId": uuid_of(random),
        "customerId": random.randrange(1, 100_000),
        "placedAt": iso(instant(index)),
        "items": [
            {
                "sku": f"SKU-{random.randrange(10_000):04d}",
                "quantity": random.randint(1, 9),
                "price": random.randrange(100, 20_000) / 100,
            }
            for _ in range(options["items"])
        ],
        **options["input"],
    }


def _check(_event: Any, response: Any, _options: Options) -> str | None:
    size = len(
        json.dumps(response, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    )
    if size > DATA_LIMIT_BYTES:
        return f"the output is {size} bytes; a state may pass on {DATA_LIMIT_BYTES}"
    return None


GENERATOR = Generator(
    "step-functions-task",
    "the input of a Step Functions task",
    {
        "items": GeneratorOption(3, "items of the order", least=0, most=1000),
        "input": GeneratorOption({}, "members to add to the input, or to put in place of its own"),
    },
    check=_check,
    make=_make,
)
