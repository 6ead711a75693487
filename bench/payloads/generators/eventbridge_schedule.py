"""A schedule of EventBridge. Nobody reads the function's answer, so any is right."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from bench.payloads.generators.base import (
    ACCOUNT,
    REGION,
    Generator,
    GeneratorOption,
    Options,
    any_response,
    instant,
    iso,
    uuid_of,
)


def _make(random: Random, index: int, options: Options) -> Any:
    moment = instant(0) + timedelta(minutes=options["every_minutes"] * index)
    return {
        "version": "0",
        "id": uuid_of(random),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": iso(moment),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{options['rule']}"],
        "detail": options["detail"],
    }


GENERATOR = Generator(
    "eventbridge-schedule",
    "a scheduled event of EventBridge",
    {
        "rule": GeneratorOption("lamload", "name of the rule"),
        "every_minutes": GeneratorOption(
            1, "minutes from one event to the next", least=1, most=1440
        ),
        "detail": GeneratorOption({}, "the event's detail"),
    },
    check=any_response,
    make=_make,
)
