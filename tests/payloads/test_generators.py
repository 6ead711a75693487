import base64
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.payloads.generated import GeneratedEvents
from bench.payloads.generators import GENERATORS


def generated(name: str, **options: Any) -> tuple[GeneratedEvents, Any]:
    events = GeneratedEvents(name, options, seed=1)
    return events, json.loads(events.next(0))


def problem(events: GeneratedEvents, response: Any) -> str | None:
    return events.check(0, events.next(0), json.dumps(response).encode())


def good_response(name: str, event: Any) -> Any:
    """What a right function answers to an event of a generator with its default options."""
    if name == "alb-health-check":
        return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": "ok"}
    if name == "s3-batch":
        return {
            "invocationSchemaVersion": "1.0",
            "treatMissingKeysAs": "PermanentFailure",
            "invocationId": event["invocationId"],
            "results": [
                {"taskId": task["taskId"], "resultCode": "Succeeded", "resultString": "done"}
                for task in event["tasks"]
            ],
        }
    if name == "cognito":
        return event | {"response": {"autoConfirmUser": True}}
    if name == "lex-v2":
        return {
            "sessionState": {
                "dialogAction": {"type": "Close"},
                "intent": event["sessionState"]["intent"] | {"state": "Fulfilled"},
            },
            "messages": [{"contentType": "PlainText", "content": "Booked."}],
        }
    if name == "alexa":
        speech = {"type": "PlainText", "text": "A fact."}
        return {"version": "1.0", "response": {"outputSpeech": speech, "shouldEndSession": True}}
    if name == "firehose":
        return {
            "records": [
                {"recordId": record["recordId"], "result": "Ok", "data": record["data"]}
                for record in event["records"]
            ]
        }
    return None


def changed(value: Any, path: str, new: Any = ...) -> Any:
    """A copy with the member at `a.0.b` replaced, or removed."""
    value = copy.deepcopy(value)
    *parents, last = path.split(".")
    inner = value
    for name in parents:
        inner = inner[int(name)] if isinstance(inner, list) else inner[name]
    key: Any = int(last) if isinstance(inner, list) else last
    if new is ...:
        del inner[key]
    else:
        inner[key] = new
    return value


@pytest.mark.parametrize("name", GENERATORS)
def test_a_right_answer_keeps_the_contract(name: str) -> None:
    events, event = generated(name)
    assert problem(events, good_response(name, event)) is None


@pytest.mark.parametrize(
    ("name", "path", "new", "words"),
    [
        ("alb-health-check", "statusCode", "200", "statusCode must be a number"),
        ("alb-health-check", "statusCode", ..., "statusCode must be a number"),
        ("alb-health-check", "statusCode", 404, "marks the target unhealthy"),
        ("alb-health-check", "headers.Content-Type", 1, "headers.Content-Type must be text"),
        ("alb-health-check", "body", {"a": 1}, "body must be text"),
        ("s3-batch", "invocationId", "other", "invocationId must be the event's"),
        ("s3-batch", "invocationSchemaVersion", ..., "invocationSchemaVersion must be"),
        ("s3-batch", "treatMissingKeysAs", "Ignored", "treatMissingKeysAs must be one of"),
        ("s3-batch", "results", [], "has no result"),
        ("s3-batch", "results.0.resultCode", "Done", "resultCode must be one of"),
        ("s3-batch", "results.0.taskId", "other", "has no result"),
        ("cognito", "request", ..., "request is missing"),
        ("cognito", "userName", "mallory", "userName must stay"),
        ("cognito", "response", None, "response must be an object"),
        ("cognito", "response.autoConfirmUser", "yes", "must be true or false"),
        ("lex-v2", "sessionState", ..., "sessionState is missing"),
        ("lex-v2", "sessionState.dialogAction.type", "Bye", "dialogAction.type must be one of"),
        ("lex-v2", "sessionState.dialogAction.type", "ElicitSlot", "slotToElicit is missing"),
        ("lex-v2", "sessionState.intent", ..., "intent with a name is missing"),
        ("lex-v2", "sessionState.intent.state", "Done", "intent.state must be one of"),
        ("lex-v2", "messages.0.contentType", "Text", "contentType must be one of"),
        ("lex-v2", "messages.0.content", ..., "content is missing"),
        ("alexa", "version", "2.0", "version must be"),
        ("alexa", "response", ..., "response must be an object"),
        ("alexa", "response.outputSpeech.type", "Text", "type must be PlainText or SSML"),
        ("alexa", "response.outputSpeech.text", ..., "text is missing"),
        ("alexa", "response.shouldEndSession", "no", "must be true or false"),
        ("firehose", "records", ..., "records must be a list"),
        ("firehose", "records.3", ..., "is missing from the response"),
        ("firehose", "records.3.recordId", "other", "is missing from the response"),
        ("firehose", "records.0.result", "OK", "result must be one of"),
        ("firehose", "records.0.data", ..., "data must be text in base64"),
        ("firehose", "records.0.data", "*", "data is no base64"),
    ],
)
def test_a_broken_contract_is_named(name: str, path: str, new: Any, words: str) -> None:
    events, event = generated(name)
    found = problem(events, changed(good_response(name, event), path, new))
    assert found is not None
    assert words in found


def test_a_missing_record_id_is_named_and_counted() -> None:
    events, event = generated("firehose")
    good = good_response("firehose", event)
    one = changed(good, "records.0")
    missing = event["records"][0]["recordId"]
    assert problem(events, one) == f"recordId {missing} is missing from the response"
    assert problem(events, {"records": good["records"][3:]}) == (
        f"recordId {missing} and 2 more is missing from the response"
    )
    twice = {"records": [*good["records"], good["records"][0]]}
    assert problem(events, twice) == f"recordId {missing} is there more than once"
    strange = {"records": [*good["records"], good["records"][0] | {"recordId": "x"}]}
    assert problem(events, strange) == "recordId x was not in the event"


def test_dropped_records_need_no_data() -> None:
    events, event = generated("firehose")
    dropped = [{"recordId": r["recordId"], "result": "Dropped"} for r in event["records"]]
    assert problem(events, {"records": dropped}) is None


def test_firehose_records_have_the_size_that_was_asked_for_and_unique_ids() -> None:
    _, event = generated("firehose", records=500, record_bytes=200)
    assert {len(base64.b64decode(record["data"])) for record in event["records"]} == {200}
    assert len({record["recordId"] for record in event["records"]}) == 500


@pytest.mark.parametrize("multi", [False, True])
def test_a_health_check_looks_as_albs_does(multi: bool) -> None:
    events, event = generated("alb-health-check", multi_value=multi)
    agent = event["multiValueHeaders" if multi else "headers"]["user-agent"]
    assert agent == (["ELB-HealthChecker/2.0"] if multi else "ELB-HealthChecker/2.0")
    assert (event["httpMethod"], event["body"]) == ("GET", "")
    answer = {"statusCode": 200, "multiValueHeaders": {"A": ["b"]}}
    assert problem(events, answer) is None
    found = problem(events, {"statusCode": 200, "headers": {}})
    assert (found is not None) is multi


@pytest.mark.parametrize(
    ("trigger", "good", "bad"),
    [
        ("VerifyAuthChallengeResponse_Authentication", {"answerCorrect": True}, {}),
        (
            "DefineAuthChallenge_Authentication",
            {"issueTokens": False, "failAuthentication": False, "challengeName": "X"},
            {"issueTokens": True},
        ),
        (
            "CreateAuthChallenge_Authentication",
            {"publicChallengeParameters": {}, "privateChallengeParameters": {"a": "b"}},
            {"publicChallengeParameters": {}},
        ),
        (
            "PreTokenGeneration_Authentication",
            {"claimsOverrideDetails": {}},
            {"claimsOverrideDetails": 1},
        ),
        ("CustomMessage_SignUp", {"smsMessage": "{####}"}, {"smsMessage": 4}),
        ("PostConfirmation_ConfirmSignUp", {}, []),
    ],
)
def test_every_cognito_trigger_has_its_own_response(trigger: str, good: Any, bad: Any) -> None:
    events, event = generated("cognito", trigger=trigger)
    assert event["triggerSource"] == trigger
    assert problem(events, event | {"response": good}) is None
    assert problem(events, event | {"response": bad}) is not None


def test_a_states_output_may_have_256_kb() -> None:
    events, _ = generated("step-functions-task")
    assert problem(events, "x" * (256 * 1024 - 2)) is None
    found = problem(events, "x" * (256 * 1024))
    assert found is not None
    assert "262146 bytes" in found
    _, event = generated("step-functions-task", input={"orderId": 7, "extra": True})
    assert (event["orderId"], event["extra"]) == (7, True)


def test_sized_events_are_exactly_as_long_as_asked_for() -> None:
    for size, wanted in (("13", 14), ("6MB", 6291456), ("4096", 4096)):
        if size == "13":
            with pytest.raises(UsageError, match="smallest event has 14"):
                GeneratedEvents("sized", {"size": size}, 1)
        else:
            assert len(GeneratedEvents("sized", {"size": size}, 1).next(5)) == wanted
    events = GeneratedEvents("sized", {"size": "100,200,300"}, 1)
    assert {len(events.next(index)) for index in range(60)} == {100, 200, 300}
    assert len({id(events.next(index)) for index in range(60)}) == 3


@pytest.mark.parametrize("name", GENERATORS)
def test_events_differ_from_number_to_number_unless_nothing_in_them_can(name: str) -> None:
    events, _ = generated(name)
    drawn = {events.next(index) for index in range(10)}
    assert len(drawn) == (1 if name in ("alb-health-check", "sized") else 10)
    assert events.constant is (len(drawn) == 1)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("firehos", {}, "is no generator .*alb-health-check, s3-batch"),
        ("firehose", {"record": 1}, "unknown option 'record' for firehose; known: records"),
        ("firehose", {"records": 0}, "at least 1"),
        ("firehose", {"records": 10**9}, "at most 10000"),
        ("firehose", {"records": "10"}, "must be a whole number"),
        ("firehose", {"records": True}, "must be a whole number"),
        ("cognito", {"trigger": "PreSignup"}, "must be one of PreSignUp_SignUp"),
        ("alb-health-check", {"multi_value": 1}, "must be a true or false"),
        ("sized", {"size": "much"}, "needs a size"),
    ],
)
def test_a_wrong_option_is_named_with_its_mend(
    name: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        GeneratedEvents(name, options, 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("name", GENERATORS)
@given(data=st.data())
@settings(max_examples=60)
def test_no_response_makes_a_check_raise(name: str, data: st.DataObject) -> None:
    events, event = generated(name)
    response = good_response(name, event)
    path: list[Any] = []
    inner = response
    while isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
        keys: list[Any] = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        path.append(data.draw(st.sampled_from(keys)))
        inner = inner[path[-1]]
    hostile = data.draw(json_values)
    if path:
        response = changed(response, ".".join(map(str, path)), hostile)
    problem(events, response)
    problem(events, hostile)
    assert events.check(0, events.next(0), b"not json") == "the response is no JSON"
    assert events.check(0, events.next(0), b"[" * 100_000) == "the response is nested too deeply"
