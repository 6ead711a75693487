import datetime
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.aws.credentials import Credentials
from bench.aws.sigv4 import Header, Signer, canonical_host, payload_hash

EPOCH_S = 1_790_000_000


def botocore_headers(
    credentials: Credentials,
    service: str,
    method: str,
    url: str,
    headers: list[Header],
    body: bytes,
    epoch_s: int,
) -> dict[str, str]:
    request = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    signer = SigV4Auth(
        BotoCredentials(credentials.access_key, credentials.secret_key, credentials.session_token),
        service,
        "eu-west-1",
    )
    moment = datetime.datetime.fromtimestamp(epoch_s, datetime.UTC).replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        signer.add_auth(request)
    added = ("X-Amz-Date", "X-Amz-Security-Token", "Authorization")
    return {name: request.headers[name] for name in added if name in request.headers}


def assert_same(*, token: str | None = None, service: str = "lambda", **call: Any) -> None:
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    full: dict[str, Any] = {"method": "POST", "headers": [], "body": b"{}", "epoch_s": EPOCH_S}
    full |= call
    ours = Signer(credentials, "eu-west-1", service).sign(**full)
    assert dict(ours) == botocore_headers(credentials, service, **full)


API = "https://lambda.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    "url",
    [
        f"{API}/2015-03-31/functions/primes/invocations",
        f"{API}/2015-03-31/functions/primes/invocations?Qualifier=%24LATEST",
        f"{API}/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af/invocations",
        f"{API}/functions?b=2&a=1&a=0&empty=",
        f"{API}/",
        API,
        f"{API}/a/./b/../c//d/",
        "http://127.0.0.1:9000/2015-03-31/functions/f/invocations",
        "http://[::1]:9000/path",
        "https://Example.com:443/x~y/z%20w",
        "http://example.com:80/",
    ],
)
def test_every_form_of_url_is_signed_as_botocore_signs_it(url: str) -> None:
    assert_same(url=url)


@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjE+token/with==chars"])
@pytest.mark.parametrize("service", ["lambda", "execute-api", "states"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_method_service_and_token_are_signed_as_botocore_signs_them(
    token: str | None, service: str, method: str
) -> None:
    assert_same(url=f"{API}/x", token=token, service=service, method=method)


def test_header_values_are_trimmed_and_their_spaces_folded() -> None:
    assert_same(
        url=f"{API}/x",
        headers=[
            ("X-Amz-Client-Context", "  eyJh  Ijoi \t YiJ9  "),
            ("Content-Type", "application/json"),
            ("X-Amz-Log-Type", "Tail"),
            ("X-Zulu", "z"),
            ("X-Amz-Alpha", "a"),
        ],
    )


@given(
    segments=st.lists(st.text(max_size=8), max_size=4),
    query=st.lists(st.tuples(st.text(min_size=1, max_size=6), st.text(max_size=6)), max_size=4),
    value=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    body=st.binary(max_size=300),
    epoch_s=st.integers(0, 4_000_000_000),
    token=st.none() | st.just("token"),
)
@settings(max_examples=150)
def test_signatures_equal_botocores_for_any_request(
    segments: list[str],
    query: list[tuple[str, str]],
    value: str,
    body: bytes,
    epoch_s: int,
    token: str | None,
) -> None:
    path = "/".join(_encode(segment) for segment in segments)
    pairs = "&".join(f"{_encode(name)}={_encode(text)}" for name, text in query)
    assert_same(
        url=f"{API}/{path}?{pairs}" if pairs else f"{API}/{path}",
        headers=[("X-Amz-Thing", value), ("Content-Type", "text/plain")],
        body=body,
        epoch_s=epoch_s,
        token=token,
    )


def _encode(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")


def test_a_prepared_signature_follows_payload_second_and_day() -> None:
    credentials = Credentials("AKIDEXAMPLE", "secret")
    prepared = Signer(credentials, "eu-west-1", "lambda").prepare("POST", f"{API}/x", [])
    for body, epoch_s in [
        (b"a", EPOCH_S),
        (b"b", EPOCH_S),
        (b"a", EPOCH_S + 1),
        (b"a", EPOCH_S + 86_400),
        (b"a", EPOCH_S),
    ]:
        lines = prepared.lines(payload_hash(body), epoch_s).decode().splitlines()
        ours = dict(line.split(": ", 1) for line in lines)
        expected = botocore_headers(credentials, "lambda", "POST", f"{API}/x", [], body, epoch_s)
        assert ours == expected


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example/x", "a.example"),
        ("https://a.example:443/x", "a.example"),
        ("http://a.example:443/x", "a.example:443"),
        ("http://[::1]:9000/x", "[::1]:9000"),
    ],
)
def test_the_host_carries_its_port_unless_it_is_the_schemes_own(url: str, host: str) -> None:
    assert canonical_host(url) == host
