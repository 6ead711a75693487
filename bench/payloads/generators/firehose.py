"""A transformation of Kinesis Data Firehose: every recordId must come back exactly once."""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from collections import Counter
from random import Random
from typing import Any

from bench.payloads.generators.base import (
    ACCOUNT,
    REGION,
    Generator,
    GeneratorOption,
    Options,
    epoch_ms,
    instant,
    several,
    shown,
    uuid_of,
)

RESULTS = ("Ok", "Dropped", "ProcessingFailed")


def _make(random: Random, index: int, options: Options) -> Any:
    stream = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{options['stream']}"
    arrived = epoch_ms(instant(index))
    first = random.getrandbits(100)
    return {
        "invocationId": uuid_of(random),
        "deliveryStreamArn": stream,
        "region": REGION,
        "records": [
            {
                "recordId": f"{49_546_986_683_135_544 + first}{number:06d}",
                "approximateArrivalTimestamp": arrived + number,
                "data": _data(random, number, options["record_bytes"]),
            }
            for number in range(options["records"])
        ],
    }


def _data(random: Random, number: int, size: int) -> str:
    record = {
        "ticker": random.choice(("AMZN", "QXZ", "TBV", "WFC")),
        "price": random.randrange(100, 90_000) / 100,
        "change": random.randrange(-500, 500) / 100,
        "sequence": number,
    }
    text = json.dumps(record)
    return b64encode(text.ljust(size - 1).encode() + b"\n").decode("ascii")


def _check(event: Any, response: Any, _options: Options) -> str | None:
    records = response.get("records") if isinstance(response, dict) else None
    if not isinstance(records, list):
        return f"records must be a list (it is {shown(records)})"
    for number, record in enumerate(records):
        problem = _check_record(f"records[{number}]", record)
        if problem is not None:
            return problem
    wanted = [record["recordId"] for record in event["records"]]
    seen = Counter(record["recordId"] for record in records)
    if missing := [name for name in wanted if not seen[name]]:
        return f"recordId {several(missing)} is missing from the response"
    if strange := sorted(seen.keys() - set(wanted)):
        return f"recordId {several(strange)} was not in the event"
    if twice := [name for name in wanted if seen[name] > 1]:
        return f"recordId {several(twice)} is there more than once"
    return None


def _check_record(name: str, record: Any) -> str | None:
    if not isinstance(record, dict):
        return f"{name} must be an object (it is {shown(record)})"
    if not isinstance(record.get("recordId"), str):
        return f"{name}.recordId must be text (it is {shown(record.get('recordId'))})"
    result = record.get("result")
    if result not in RESULTS:
        return f"{name}.result must be one of {', '.join(RESULTS)} (it is {shown(result)})"
    data = record.get("data")
    if data is None and result != "Ok":
        return None
    if not isinstance(data, str):
        return f"{name}.data must be text in base64 (it is {shown(data)})"
    try:
        b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return f"{name}.data is no base64 ({shown(data)})"
    return None


GENERATOR = Generator(
    "firehose",
    "a batch of Kinesis Data Firehose records to transform",
    {
        "records": GeneratorOption(10, "records in a batch", least=1, most=10_000),
        "record_bytes": GeneratorOption(
            120, "size of each record before base64", least=80, most=1_024_000
        ),
        "stream": GeneratorOption("lamload", "name of the delivery stream"),
    },
    check=_check,
    make=_make,
)
