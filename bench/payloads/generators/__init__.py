"""Every event generator by its name, from the file of each."""

from __future__ import annotations

from bench.payloads.generators import (
    alb_health_check,
    alexa,
    cognito,
    eventbridge_schedule,
    firehose,
    lex_v2,
    s3_batch,
    sized,
    step_functions_task,
)
from bench.payloads.generators.base import Generator

GENERATORS: dict[str, Generator] = {
    module.GENERATOR.name: module.GENERATOR
    for module in (
        alb_health_check,
        s3_batch,
        cognito,
        step_functions_task,
        lex_v2,
        alexa,
        firehose,
        eventbridge_schedule,
        sized,
    )
}
