"""Which of its many reasons a refusal has, and that nobody waits in silence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from bench.aws.api import DEFAULT_TIMEOUTS, LambdaApi
from bench.aws.refusals import AwsRefusal
from bench.errors import ExitCode, TargetError
from tests.aws.fake_aws import KEYS, PLACE, FakeAws

OURS, THEIRS = "20261128T120000Z", "20261128T121100Z"


async def refused(aws: FakeAws, status: int, code: str, message: str, date: str = "") -> str:
    headers = {"x-amzn-errortype": f"{code}:http://internal/"} if code else {}
    headers |= {"Date": date} if date else {}
    aws.interfere = lambda _: httpx.Response(status, headers=headers, json={"message": message})
    async with aws.api() as api:
        with pytest.raises(AwsRefusal) as caught:
            await api.configuration("primes")
    assert caught.value.exit_code is ExitCode.TARGET
    return str(caught.value)


@pytest.mark.parametrize(
    ("code", "message", "mend"),
    [
        (
            "ExpiredTokenException",
            "The security token included in the request is expired",
            "expired",
        ),
        (
            "InvalidSignatureException",
            f"Signature expired: {OURS} is now earlier than 20261128T120600Z ({THEIRS} - 5 min.)",
            "this machine's clock is 11 min behind AWS's",
        ),
        (
            "InvalidSignatureException",
            f"Signature not yet current: {THEIRS} is still later than 20261128T120500Z ({OURS} + 5"
            " min.)",
            "this machine's clock is 11 min ahead of AWS's",
        ),
        (
            "InvalidSignatureException",
            "Credential should be scoped to a valid region. ",
            "signed for us-east-1, which is not where this endpoint is",
        ),
        (
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided.",
            "AWS_SECRET_ACCESS_KEY is not the one",
        ),
        (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            "AWS does not know these keys here",
        ),
        (
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/a is not authorized to perform: lambda:GetFunction on x",
            "allow lambda:GetFunction to these credentials",
        ),
        ("AccessDeniedException", "no", "allow lambda:GetFunctionConfiguration to these"),
        ("", "Forbidden", "these are not AWS's words"),
    ],
)
async def test_a_403_says_which_of_its_reasons_it_has(
    tmp_path: Path, code: str, message: str, mend: str
) -> None:
    said = await refused(FakeAws(tmp_path), 403, code, message)
    assert mend in said
    assert said.count("\n") == 0


async def test_without_instants_the_answers_date_tells_the_skew(tmp_path: Path) -> None:
    aws = FakeAws(tmp_path)
    date = formatdate(aws.now_ns / 1e9 - 400, usegmt=True)
    said = await refused(aws, 403, "RequestTimeTooSkewed", "too large", date)
    assert "clock is 6 min ahead of AWS's: set it right" in said


async def test_a_function_that_is_not_there_was_looked_for_in_a_region(tmp_path: Path) -> None:
    words = "Function not found: arn:aws:lambda:us-east-1:1:function:primes"
    said = await refused(FakeAws(tmp_path), 404, "ResourceNotFoundException", words)
    assert said.endswith("it was looked for in us-east-1")


async def test_other_conflicts_are_not_waited_for(tmp_path: Path) -> None:
    aws = FakeAws(tmp_path)
    before_ns = aws.now_ns
    await refused(aws, 409, "ResourceConflictException", "Function already exist: primes")
    assert aws.now_ns == before_ns


async def test_an_update_that_never_ends_is_waited_for_and_then_told(tmp_path: Path) -> None:
    aws = FakeAws(tmp_path)
    said: list[str] = []
    words = "The operation cannot be performed at this time. An update is in progress for resource"
    aws.interfere = lambda _: httpx.Response(
        409, headers={"x-amzn-errortype": "ResourceConflictException"}, json={"message": words}
    )
    before_ns = aws.now_ns
    async with aws.api(tell=said.append) as api:
        with pytest.raises(AwsRefusal, match="An update is in progress"):
            await api.call("PublishVersion", "primes")
    assert (aws.now_ns - before_ns) / 1e9 == 600
    assert said == ["waiting for another update of primes to end"]


class Hanging(httpx.AsyncBaseTransport):
    """Takes every request and answers none."""

    def __init__(self) -> None:
        self.requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        await asyncio.Event().wait()
        return httpx.Response(200, request=request)


async def test_a_control_plane_that_hangs_is_told_at_once_and_given_up_in_the_end(
    tmp_path: Path,
) -> None:
    aws, hanging = FakeAws(tmp_path), Hanging()
    said: list[str] = []
    api = LambdaApi(
        KEYS,
        PLACE,
        transport=hanging,
        timeouts=replace(DEFAULT_TIMEOUTS, total_ns=30_000_000),
        tell=said.append,
        sleep=aws.sleep,
        silent_s=0.01,
    )
    with pytest.raises(TargetError, match="does not answer GetFunctionConfiguration: nothing"):
        await api.configuration("primes")
    assert said == [
        f"{PLACE.url} has not answered GetFunctionConfiguration for 0.01 s: still waiting"
    ]
    assert hanging.requests == 2
