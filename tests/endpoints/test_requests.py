import base64
from dataclasses import replace

import httptools
import pytest

from bench.aws.sigv4 import Signer
from bench.endpoints.registry import command_endpoint_for, endpoint_for, with_path
from bench.endpoints.request_template import USER_AGENT
from bench.errors import TargetError
from bench.model.endpoint import EndpointKind
from tests.endpoints.build import EPOCH_S, KEYS, binding, endpoint, parsed, target

HTTP_KINDS = [kind for kind in EndpointKind if kind is not EndpointKind.CLI]
DOORS = [
    EndpointKind.ALB,
    EndpointKind.ALB_MULTI,
    EndpointKind.REST,
    EndpointKind.HTTP_API,
    EndpointKind.FUNCTION_URL,
    EndpointKind.CLOUDFRONT,
    EndpointKind.HTTP,
]


class Recorder:
    def __init__(self) -> None:
        self.body = b""
        self.complete = False

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_every_request_is_whole_and_keeps_the_connection(kind: EndpointKind) -> None:
    made = endpoint(kind, url="http://127.0.0.1:9001/base")
    request = made.request(b'{"n": 1}', EPOCH_S)
    recorder = Recorder()
    parser = httptools.HttpRequestParser(recorder)
    parser.feed_data(request)
    assert recorder.complete
    assert parser.should_keep_alive()
    assert parser.get_method() == b"POST"
    _, headers, body = parsed(request)
    assert recorder.body == body
    assert headers["host"] == "127.0.0.1:9001"
    assert headers["user-agent"] == USER_AGENT
    assert headers["content-length"] == str(len(body))
    assert made.origin == "http://127.0.0.1:9001"
    assert b'"n' in body


def test_an_invocation_names_function_and_qualifier_as_sdks_encode_them() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:primes"
    made = endpoint(EndpointKind.INVOKE, function=arn, qualifier="$LATEST")
    first, headers, body = parsed(made.request(b"{}", EPOCH_S))
    assert first == (
        "POST /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction"
        "%3Aprimes/invocations?Qualifier=%24LATEST HTTP/1.1"
    )
    assert headers["x-amz-log-type"] == "Tail"
    assert body == b"{}"


def test_a_stream_is_asked_for_at_its_own_path_and_without_the_log_if_so_wished() -> None:
    made = endpoint_for(binding(EndpointKind.STREAM), target(log_tail=False), None)
    first, headers, _ = parsed(made.request(b"{}", EPOCH_S))
    assert first.startswith(
        "POST /2021-11-15/functions/primes/response-streaming-invocations?Qualifier=7 "
    )
    assert "x-amz-log-type" not in headers


def test_the_client_context_travels_in_base64() -> None:
    context = '{"custom":{"a":"ü"}}'
    made = endpoint_for(binding(EndpointKind.INVOKE), target(client_context=context), None)
    _, headers, _ = parsed(made.request(b"{}", EPOCH_S))
    assert base64.b64decode(headers["x-amz-client-context"]).decode() == context
    with pytest.raises(TargetError, match="3583"):
        endpoint_for(binding(EndpointKind.INVOKE), target(client_context="x" * 3000), None)


@pytest.mark.parametrize(
    "kind", [EndpointKind.INVOKE, EndpointKind.STREAM, EndpointKind.STEP_FUNCTIONS]
)
def test_aws_apis_are_signed_with_the_credentials(kind: EndpointKind) -> None:
    made = endpoint_for(binding(kind, sign=True), target(), KEYS)
    first, headers, body = parsed(made.request(b'{"n":1}', EPOCH_S))
    service = "states" if kind is EndpointKind.STEP_FUNCTIONS else "lambda"
    url = f"http://127.0.0.1:9001{first.split(' ')[1]}"
    signed = [(k, v) for k, v in headers.items() if k.startswith("x-amz-") and k != "x-amz-date"]
    signed += [(k, v) for k, v in headers.items() if k == "content-type"]
    expected = Signer(KEYS, "us-east-1", service).sign("POST", url, signed, body, EPOCH_S)
    assert headers["authorization"] == dict(expected)["Authorization"]
    assert headers["x-amz-date"] == dict(expected)["X-Amz-Date"]


def test_without_credentials_a_local_target_gets_an_authorization_of_the_right_shape() -> None:
    _, headers, _ = parsed(endpoint(EndpointKind.INVOKE).request(b"{}", EPOCH_S))
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=LAMLOADLOCAL/")
    assert "/us-east-1/lambda/aws4_request, SignedHeaders=host;" in headers["authorization"]


@pytest.mark.parametrize("kind", [*HTTP_KINDS, EndpointKind.CLI])
def test_a_signature_that_is_asked_for_needs_credentials(kind: EndpointKind) -> None:
    unsigned = {EndpointKind.ALB, EndpointKind.ALB_MULTI, EndpointKind.CLOUDFRONT}
    if kind in unsigned | {EndpointKind.HTTP}:
        return
    make = command_endpoint_for if kind is EndpointKind.CLI else endpoint_for
    with pytest.raises(TargetError, match="no credentials"):
        make(binding(kind, sign=True), target(), None)


@pytest.mark.parametrize("kind", DOORS)
def test_a_door_is_signed_only_where_the_binding_says_so(kind: EndpointKind) -> None:
    open_door = endpoint(kind, KEYS).request(b"{}", EPOCH_S)
    assert "authorization" not in parsed(open_door)[1]
    closed = endpoint(kind, KEYS, sign=True).request(b"{}", EPOCH_S)
    service = {
        EndpointKind.FUNCTION_URL: "lambda",
        EndpointKind.REST: "execute-api",
        EndpointKind.HTTP_API: "execute-api",
    }.get(kind)
    assert parsed(closed)[1].get("authorization", "").count(f"/{service}/") == (service is not None)


def test_a_constant_event_costs_nothing_within_its_second_and_is_signed_anew_after_it() -> None:
    made, event = endpoint(EndpointKind.INVOKE), b'{"n":1}'
    first = made.request(event, EPOCH_S)
    assert made.request(event, EPOCH_S) is first
    later = made.request(event, EPOCH_S + 1)
    assert parsed(later)[1]["x-amz-date"] != parsed(first)[1]["x-amz-date"]
    assert made.request(event, EPOCH_S) == first


def test_an_unsigned_constant_event_is_one_object_for_ever() -> None:
    made, event = endpoint(EndpointKind.ALB), b'{"n":1}'
    assert made.request(event, EPOCH_S) is made.request(event, EPOCH_S + 60)


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_alternating_events_are_never_mixed_up(kind: EndpointKind) -> None:
    made = endpoint(kind)
    events = [b'{"n":%d}' % number for number in range(20)]
    for second in (0, 0, 1):
        for event in events:
            fresh = endpoint(kind)
            assert made.request(event, second) == fresh.request(event, second)


def test_a_profile_decides_on_method_path_and_headers_of_a_door() -> None:
    looks = target(
        http_method="put", http_path="/items?x=1", http_headers={"content-type": "text/plain"}
    )
    made = endpoint_for(binding(EndpointKind.ALB, url="https://lb.example/base?y=2"), looks, None)
    first, headers, body = parsed(made.request(b"hello", EPOCH_S))
    assert first == "PUT /base/items?y=2&x=1 HTTP/1.1"
    assert (headers["content-type"], body) == ("text/plain", b"hello")
    assert made.origin == "https://lb.example:443"
    assert headers["host"] == "lb.example"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_method_without_body_sends_none(method: str) -> None:
    made = endpoint_for(binding(EndpointKind.HTTP), target(http_method=method), None)
    request = made.request(b'{"n":1}', EPOCH_S)
    assert request.endswith(b"\r\n\r\n")
    assert b"content-" not in request.lower()


@pytest.mark.parametrize(
    ("url", "origin", "host"),
    [
        ("http://[::1]:8080/x", "http://[::1]:8080", "[::1]:8080"),
        ("https://bücher.example/", "https://xn--bcher-kva.example:443", "xn--bcher-kva.example"),
        ("http://a.example:80/", "http://a.example:80", "a.example"),
    ],
)
def test_origin_and_host_are_right_for_every_form_of_name(url: str, origin: str, host: str) -> None:
    made = endpoint(EndpointKind.HTTP, url=url)
    assert made.origin == origin
    assert parsed(made.request(b"", EPOCH_S))[1]["host"] == host


def test_user_and_password_of_a_url_become_basic_authorization() -> None:
    made = endpoint(EndpointKind.HTTP, url="http://me:pa%40ss@127.0.0.1:1/")
    value = parsed(made.request(b"", EPOCH_S))[1]["authorization"]
    assert base64.b64decode(value.removeprefix("Basic ")) == b"me:pa@ss"


@pytest.mark.parametrize(
    ("url", "path", "joined"),
    [
        ("http://h", "/", "http://h"),
        ("http://h/a/", "/", "http://h/a/"),
        ("http://h/a", "/b", "http://h/a/b"),
        ("http://h/a/", "b/c?d=1", "http://h/a/b/c?d=1"),
        ("http://h/a?x=1", "/?y=2", "http://h/a?x=1&y=2"),
    ],
)
def test_a_path_goes_behind_the_urls_own(url: str, path: str, joined: str) -> None:
    assert with_path(url, path) == joined


@pytest.mark.parametrize(
    "url", ["", "localhost", "ftp://h/", "http://", "http://h:0/", "http://h:99999/", "http://[x/"]
)
def test_what_is_no_url_is_a_mistake_of_the_users(url: str) -> None:
    with pytest.raises(TargetError, match=r"http|URL|port"):
        endpoint(EndpointKind.HTTP, url=url)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("PO ST", {}),
        ("POST", {"X-A": "one\r\nX-B: two"}),
        ("POST", {"X A": "one"}),
        ("POST", {"": "one"}),
        ("POST", {"X-A": "\x00"}),
        ("POST", {"X-A": "snow ☃"}),
    ],
)
def test_nothing_can_be_smuggled_into_a_request(method: str, headers: dict[str, str]) -> None:
    looks = target(http_method=method, http_headers=headers)
    with pytest.raises(TargetError):
        endpoint_for(binding(EndpointKind.HTTP), looks, None)


def test_a_function_is_needed_where_one_is_called() -> None:
    for kind in (EndpointKind.INVOKE, EndpointKind.STREAM, EndpointKind.STEP_FUNCTIONS):
        with pytest.raises(TargetError, match=r"target\.function"):
            endpoint(kind, function=None)
    with pytest.raises(TargetError, match=r"target\.function"):
        command_endpoint_for(replace(binding(EndpointKind.CLI), function=None), target(), None)
    with pytest.raises(TargetError, match="command"):
        endpoint(EndpointKind.CLI)
