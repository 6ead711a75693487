import json

import pytest

from bench.endpoints.registry import command_endpoint_for, function_payload
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Answer, Outcome
from tests.endpoints.build import KEYS, REQUEST_ID, binding, log_tail, target

CLI = EndpointKind.CLI
TROUBLE = b"An error occurred (%s) when calling the Invoke operation (reached max retries: 0): no"


def ended(returncode: int, stdout: bytes = b"", stderr: bytes = b"") -> Answer:
    made = command_endpoint_for(binding(CLI), target(), None)
    return made.classify_process(returncode, stdout, stderr)


def printed(payload: bytes, **members: object) -> bytes:
    """As both versions of the CLI print it with /dev/stdout as the output file."""
    members = {"StatusCode": 200, "ExecutedVersion": "7", "LogResult": log_tail()} | members
    return payload + json.dumps(members, indent=4).encode() + b"\n"


def test_the_command_names_everything_and_retries_nothing() -> None:
    made = command_endpoint_for(binding(CLI), target(client_context='{"a":1}'), KEYS)
    command = made.command(b'{"n":1}')
    line = " ".join(command.argv)
    assert line.startswith("aws lambda invoke --function-name primes --qualifier 7")
    assert "--endpoint-url http://127.0.0.1:9001 --region us-east-1" in line
    assert "--payload fileb:///dev/stdin" in line
    assert "--client-context file://{unseen}" in line
    assert command.unseen == b"eyJhIjoxfQ=="
    assert command.argv[-1] == "/dev/stdout"
    assert command.stdin == b'{"n":1}'
    assert command.environ["AWS_MAX_ATTEMPTS"] == "1"
    assert command.environ["AWS_ACCESS_KEY_ID"] == KEYS.access_key
    assert KEYS.secret_key not in line


@pytest.mark.parametrize("payload", [b'{"a": {"b": [1]}}', b"null", b'"{"', b"[{}]", b""])
def test_the_functions_payload_stands_before_the_clis_own_words(payload: bytes) -> None:
    stdout = printed(payload)
    answer = ended(0, stdout)
    assert (answer.outcome, answer.request_id) == (Outcome.OK, REQUEST_ID)
    assert answer.report is not None
    assert function_payload(CLI, stdout) == payload


def test_a_functions_error_exits_with_0() -> None:
    payload = b'{"errorMessage": "no", "errorType": "ValueError"}'
    answer = ended(0, printed(payload, FunctionError="Unhandled"))
    assert (answer.outcome, answer.detail) == (Outcome.FUNCTION_ERROR, "ValueError: no")


@pytest.mark.parametrize(
    ("stderr", "outcome"),
    [
        (TROUBLE % b"TooManyRequestsException", Outcome.THROTTLED),
        (TROUBLE % b"EC2ThrottledException", Outcome.THROTTLED),
        (TROUBLE % b"429", Outcome.THROTTLED),
        (TROUBLE % b"ServiceException", Outcome.SERVER_ERROR),
        (TROUBLE % b"ENILimitReachedException", Outcome.SERVER_ERROR),
        (TROUBLE % b"502", Outcome.SERVER_ERROR),
        (TROUBLE % b"ResourceNotFoundException", Outcome.CLIENT_ERROR),
        (b'Could not connect to the endpoint URL: "http://x"', Outcome.CONNECT_ERROR),
        (b'Connect timeout on endpoint URL: "http://x"', Outcome.CONNECT_ERROR),
        (b'Read timeout on endpoint URL: "http://x"', Outcome.TIMEOUT),
        (b"Connection was closed before we received a valid response", Outcome.PROTOCOL_ERROR),
        (b"Unable to locate credentials", Outcome.CLIENT_ERROR),
        (b"", Outcome.CLIENT_ERROR),
        (b"\xff\x00", Outcome.CLIENT_ERROR),
    ],
)
def test_stderr_says_what_went_wrong(stderr: bytes, outcome: Outcome) -> None:
    answer = ended(254, b"", b"\n" + stderr + b"\n")
    assert answer.outcome is outcome
    assert answer.detail.startswith("exit code 254")


def test_an_end_by_a_signal_or_without_output_is_a_protocol_error() -> None:
    assert ended(-9).outcome is Outcome.PROTOCOL_ERROR
    for stdout in (b"", b"{}", b'{"StatusCode"', b"\xff"):
        assert ended(0, stdout).outcome is Outcome.PROTOCOL_ERROR
