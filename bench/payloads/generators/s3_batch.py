"""An S3 Batch Operations job that invokes a function per object."""

from __future__ import annotations

from random import Random
from typing import Any

from bench.payloads.generators.base import (
    Generator,
    GeneratorOption,
    Options,
    several,
    shown,
    uuid_of,
)

CODES = ("Succeeded", "TemporaryFailure", "PermanentFailure")


def _make(random: Random, index: int, options: Options) -> Any:
    arn = f"arn:aws:s3:::{options['bucket']}"
    return {
        "invocationSchemaVersion": "1.0",
        "invocationId": f"{random.getrandbits(160):040x}",
        "job": {"id": uuid_of(random)},
        "tasks": [
            {
                "taskId": f"{random.getrandbits(128):032x}",
                "s3Key": f"{options['prefix']}{index}-{number}.json",
                "s3VersionId": None,
                "s3BucketArn": arn,
            }
            for number in range(options["tasks"])
        ],
    }


def _check(event: Any, response: Any, _options: Options) -> str | None:
    if not isinstance(response, dict):
        return f"the response must be an object (it is {shown(response)})"
    for name in ("invocationSchemaVersion", "invocationId"):
        if response.get(name) != event[name]:
            return f"{name} must be the event's {event[name]} (it is {shown(response.get(name))})"
    missing_as = response.get("treatMissingKeysAs")
    if missing_as not in CODES:
        return f"treatMissingKeysAs must be one of {', '.join(CODES)} (it is {shown(missing_as)})"
    results = response.get("results")
    if not isinstance(results, list):
        return f"results must be a list (it is {shown(results)})"
    return _check_results([task["taskId"] for task in event["tasks"]], results)


def _check_results(wanted: list[str], results: list[Any]) -> str | None:
    seen = []
    for number, result in enumerate(results):
        if not isinstance(result, dict):
            return f"results[{number}] must be an object (it is {shown(result)})"
        if result.get("resultCode") not in CODES:
            return (
                f"results[{number}].resultCode must be one of {', '.join(CODES)} "
                f"(it is {shown(result.get('resultCode'))})"
            )
        if not isinstance(result.get("resultString", ""), str):
            return f"results[{number}].resultString must be text"
        seen.append(result.get("taskId"))
    if missing := [task for task in wanted if task not in seen]:
        return f"taskId {several(missing)} has no result"
    if strange := [str(task) for task in seen if task not in wanted]:
        return f"taskId {several(strange)} was not in the event"
    return None if len(seen) == len(wanted) else "a taskId has more than one result"


GENERATOR = Generator(
    "s3-batch",
    "an S3 Batch Operations task",
    {
        "bucket": GeneratorOption("lamload-example", "bucket of the objects"),
        "prefix": GeneratorOption("objects/", "what keys begin with"),
        "tasks": GeneratorOption(1, "tasks in an event; S3 sends one", least=1, most=1000),
    },
    check=_check,
    make=_make,
)
