"""Signatures as botocore makes them, and everything that must not pass for one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.local.http.api_error import ApiError
from bench.local.http.authorization import access_key, read_authorization
from bench.local.http.signatures import Secret, Verifier
from bench.local.model import HttpRequest, HttpResponse
from tests.local.control_plane.serving import served

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW_S = 1_700_000_000
VERIFIER = Verifier({KEY: Secret(SECRET), "ASIATEMP": Secret("other", "token/+=")})


def signed(
    method: str = "POST",
    url: str = "http://127.0.0.1:8080/2015-03-31/functions/primes/invocations",
    body: bytes = b'{"n": 1}',
    *,
    key: str = KEY,
    secret: str = SECRET,
    token: str | None = None,
    headers: dict[str, str] | None = None,
    service: str = "lambda",
    query: bool = False,
    at_s: int = NOW_S,
) -> HttpRequest:
    """A request that botocore's own signer has signed at the instant at_s."""
    asked = AWSRequest(method, url, {"Host": urlsplit(url).netloc, **(headers or {})}, body)
    auth_class = SigV4QueryAuth if query else SigV4Auth
    signer = auth_class(Credentials(key, secret, token), service, "us-east-1")
    with pytest.MonkeyPatch.context() as patch:
        moment = datetime.fromtimestamp(at_s, UTC).replace(tzinfo=None)
        patch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: moment)
        signer.add_auth(asked)
    parts = urlsplit(asked.url)
    return HttpRequest(method, parts.path, parts.query, tuple(asked.headers.items()), body)


def check(request: HttpRequest, now_s: int = NOW_S, service: str = "lambda") -> str | None:
    """The error's code, or None for a signature that holds."""
    error = VERIFIER.check(request, now_s * 1_000_000_000, service)
    return error.code if error else None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/2015-03-31/functions/primes/invocations?Qualifier=%24LATEST",
        "http://127.0.0.1:8080/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction"
        "%3Ap%3Alive/invocations",
        "http://127.0.0.1:8080/a%20b/c+d/~e?b=2&a=1&a=0&c=x%2By%20z&d",
        "http://127.0.0.1:8080/a/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_botocore_signs_holds(method: str, url: str) -> None:
    assert check(signed(method, url, b"" if method == "GET" else b"\0\xff")) is None


def test_a_header_of_awss_that_is_not_signed_is_refused() -> None:
    request = signed(headers={"X-Amz-Log-Type": "Tail"})
    assert check(request) is None
    added = (*request.headers, ("X-Amz-Invocation-Type", "Event"))
    assert check(replace(request, headers=added)) == "InvalidSignatureException"
    traced = (*request.headers, ("X-Amzn-Trace-Id", "Root=1-2"))
    assert check(replace(request, headers=traced)) is None, "what proxies add on the way"


def test_a_presigned_url_holds_until_it_expires() -> None:
    request = signed("GET", body=b"", query=True)
    assert "X-Amz-Signature" in request.raw_query
    assert check(request, NOW_S + 3600) is None
    assert check(request, NOW_S + 3601) == "InvalidSignatureException"


def test_temporary_credentials_need_their_token() -> None:
    with_token = signed(key="ASIATEMP", secret="other", token="token/+=")
    assert check(with_token) is None
    assert check(signed(key="ASIATEMP", secret="other")) == "UnrecognizedClientException"
    other = signed(key="ASIATEMP", secret="other", token="stolen")
    assert check(other) == "UnrecognizedClientException"
    assert check(signed(token="surplus")) == "UnrecognizedClientException"


def test_an_unsigned_payload_may_be_anything_if_it_says_so() -> None:
    request = signed(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    assert check(replace(request, body=b"other")) is None
    assert check(replace(signed(), body=b"other")) == "InvalidSignatureException"


def test_a_declared_hash_must_be_the_bodys() -> None:
    wrong = signed(headers={"X-Amz-Content-SHA256": "0" * 64})
    assert check(wrong) == "InvalidSignatureException"


def test_header_values_are_trimmed_and_folded() -> None:
    request = signed(headers={"X-Amz-Meta": "a  b   c"})
    padded = tuple((n, f"  {v} " if n == "X-Amz-Meta" else v) for n, v in request.headers)
    assert check(replace(request, headers=padded)) is None


@pytest.mark.parametrize("skew_s", [-300, 0, 300])
def test_five_minutes_of_skew_are_forgiven(skew_s: int) -> None:
    assert check(signed(at_s=NOW_S + skew_s)) is None


@pytest.mark.parametrize(
    ("skew_s", "text"), [(-301, "Signature expired"), (301, "not yet current")]
)
def test_more_skew_is_refused_with_the_times(skew_s: int, text: str) -> None:
    error = VERIFIER.check(signed(at_s=NOW_S + skew_s), NOW_S * 1_000_000_000)
    assert error is not None
    assert (error.status, error.code) == (403, "InvalidSignatureException")
    assert text in str(error.message)
    assert "20231114T221320Z" in str(error.message)


def with_header(request: HttpRequest, name: str, value: str) -> HttpRequest:
    kept = tuple(pair for pair in request.headers if pair[0].lower() != name.lower())
    return replace(request, headers=(*kept, (name, value)))


def tampered() -> Iterator[tuple[str, HttpRequest, str]]:
    good = signed(url="http://127.0.0.1:8080/p?a=1", headers={"X-Amz-Meta": "x"})
    authorization = good.header("authorization") or ""
    bad = "InvalidSignatureException"
    yield "method", replace(good, method="PUT"), bad
    yield "path", replace(good, raw_path="/q"), bad
    yield "query", replace(good, raw_query="a=2"), bad
    yield "more query", replace(good, raw_query="a=1&b=1"), bad
    yield "body", replace(good, body=b"x"), bad
    yield "host", with_header(good, "Host", "evil:8080"), bad
    yield "signed header", with_header(good, "X-Amz-Meta", "y"), bad
    yield "date", with_header(good, "X-Amz-Date", "20231114T221321Z"), bad
    yield "other day", with_header(good, "X-Amz-Date", "20231115T001320Z"), bad
    yield (
        "header gone",
        replace(good, headers=tuple(p for p in good.headers if p[0] != "X-Amz-Meta")),
        bad,
    )
    for name, old, new, code in (
        ("region", "us-east-1", "eu-west-1", bad),
        ("service", "/lambda/", "/s3/", bad),
        ("key", KEY, "AKIDOTHER", "UnrecognizedClientException"),
        ("no host", "host;", "", bad),
        ("algorithm", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", "IncompleteSignatureException"),
        ("no equals", "Signature=", "Signature", "IncompleteSignatureException"),
        ("no credential", "Credential=", "Credentials=", "IncompleteSignatureException"),
        ("scope", "/aws4_request", "", "IncompleteSignatureException"),
    ):
        changed = with_header(good, "Authorization", authorization.replace(old, new))
        yield name, changed, code
    flipped = authorization[:-1] + ("0" if authorization[-1] != "0" else "1")
    yield "signature", with_header(good, "Authorization", flipped), bad
    short = authorization[:-1]
    yield "short signature", with_header(good, "Authorization", short), bad
    yield "basic", with_header(good, "Authorization", "Basic YTpi"), "IncompleteSignatureException"
    yield "empty", with_header(good, "Authorization", ""), "IncompleteSignatureException"
    yield (
        "unsigned",
        HttpRequest("GET", "/", "", (("Host", "h"),), b""),
        "MissingAuthenticationTokenException",
    )


@pytest.mark.parametrize(
    ("request_", "code"),
    [pytest.param(request, code, id=what) for what, request, code in tampered()],
)
def test_whatever_is_changed_is_refused(request_: HttpRequest, code: str) -> None:
    assert check(request_) == code


def test_the_region_is_checked_if_one_is_given() -> None:
    strict = Verifier({KEY: Secret(SECRET)}, region="eu-west-1")
    error = strict.check(signed(), NOW_S * 1_000_000_000)
    assert error is not None
    assert error.code == "InvalidSignatureException"


def test_a_signature_is_read_whatever_it_signs() -> None:
    request = signed()
    assert read_authorization(replace(request, body=b"anything")).access_key == KEY
    assert access_key(request) == KEY
    unsigned = HttpRequest("GET", "/", "", (("Host", "h"),), b"")
    with pytest.raises(ApiError) as caught:
        read_authorization(unsigned)
    error = caught.value
    assert (error.status, error.code) == (403, "MissingAuthenticationTokenException")
    assert error.body() == b'{"message":"Missing Authentication Token"}'
    assert access_key(unsigned) is None


latin = st.text(st.characters(max_codepoint=255), max_size=60)


@given(authorization=latin, date=latin, query=latin, path=latin)
@settings(max_examples=300)
def test_nothing_hostile_passes_or_crashes(
    authorization: str, date: str, query: str, path: str
) -> None:
    for prefix in ("", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential="):
        request = HttpRequest(
            "GET",
            path,
            query,
            (("Host", "h"), ("Authorization", prefix + authorization), ("X-Amz-Date", date)),
            b"",
        )
        assert check(request) is not None


def test_the_clients_of_boto3_pass_and_those_with_a_wrong_secret_do_not() -> None:
    def handle(request: HttpRequest) -> HttpResponse:
        now_ns = int(datetime.now(UTC).timestamp()) * 1_000_000_000
        error = VERIFIER.check(request, now_ns)
        return error.response("id-1") if error else HttpResponse(200, (), b"{}")

    def client(url: str, secret: str) -> Any:
        return boto3.client(
            "lambda",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}),
        )

    with served(handle) as url:
        client(url, SECRET).invoke(FunctionName="a:b", Qualifier="$LATEST", Payload=b'{"n":1}')
        client(url, SECRET).list_functions(MaxItems=3)
        with pytest.raises(ClientError) as caught:
            client(url, "wrong").list_functions()
    assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
