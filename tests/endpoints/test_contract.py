import json

import pytest

from bench.endpoints.contract import response_check
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from bench.model.profile import EventKind, EventSpec
from bench.payloads.source import event_source
from tests.endpoints.test_stream_answers import complete, event
from tests.load.fakes import Bench, constant, segment

FIREHOSE = event_source([EventSpec(EventKind.GENERATOR, "firehose")], 1)
LITERAL = event_source([EventSpec()], 1)
DIRECT = [EndpointKind.INVOKE, EndpointKind.STREAM, EndpointKind.STEP_FUNCTIONS, EndpointKind.CLI]


def answer_with(kind: EndpointKind, payload: bytes) -> bytes:
    """The body of an endpoint's answer with a function's output in it."""
    if kind is EndpointKind.STREAM:
        return event("PayloadChunk", payload[:7]) + event("PayloadChunk", payload[7:]) + complete()
    if kind is EndpointKind.STEP_FUNCTIONS:
        return json.dumps({"status": "SUCCEEDED", "output": payload.decode()}).encode()
    if kind is EndpointKind.CLI:
        return payload + b'{"StatusCode": 200}'
    return payload


@pytest.mark.parametrize("kind", DIRECT)
def test_a_missing_record_id_is_told_through_every_endpoint_that_shows_the_output(
    kind: EndpointKind,
) -> None:
    check = response_check(kind, FIREHOSE)
    assert check is not None
    asked = FIREHOSE.next(3)
    records = [
        {"recordId": record["recordId"], "result": "Ok", "data": record["data"]}
        for record in json.loads(asked)["records"]
    ]
    good = json.dumps({"records": records}).encode()
    assert check(3, asked, answer_with(kind, good)) is None
    bad = json.dumps({"records": records[1:]}).encode()
    missing = records[0]["recordId"]
    assert check(3, asked, answer_with(kind, bad)) == (
        f"response contract: recordId {missing} is missing from the response"
    )
    assert check(3, asked, answer_with(kind, b"")) == "response contract: the response is no JSON"


@pytest.mark.parametrize("kind", [kind for kind in EndpointKind if kind not in DIRECT])
def test_a_front_door_is_answered_in_its_own_way_and_not_checked(kind: EndpointKind) -> None:
    assert response_check(kind, FIREHOSE) is None


@pytest.mark.parametrize("kind", DIRECT)
def test_without_a_generator_there_is_nothing_to_check(kind: EndpointKind) -> None:
    assert response_check(kind, LITERAL) is None


def test_an_invocation_with_a_broken_contract_ends_as_the_functions_error() -> None:
    bench = Bench(constant(5))
    seen: list[tuple[int, bytes]] = []

    def check(number: int, event: bytes, _body: bytes) -> str | None:
        seen.append((number, event))
        return "response contract: odd" if number % 2 else None

    bench.engine.checks = [check]
    bench.start(segment(rps=10))
    bench.clock.run(lambda: bench.ended)
    bench.take()
    bench.check_ledger()
    assert seen == [(number, b"%d" % number) for number in range(10)]
    outcomes = list(bench.final["outcome"])
    assert outcomes.count(Outcome.OK) == outcomes.count(Outcome.FUNCTION_ERROR) == 5
    assert {sample.detail for sample in bench.samples} == {"response contract: odd"}
