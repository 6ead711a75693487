import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.aws.bindings import BoundFunction, FunctionName, bind_variants, place_of
from bench.aws.journal import Journal
from bench.aws.places import Place
from bench.aws.refusals import AwsRefusal
from bench.aws.undo import undo
from bench.errors import TargetError, UsageError
from bench.model.endpoint import EndpointKind
from bench.model.profile import Architecture, Target, Variant
from tests.aws.fake_aws import ARN, PLACE, FakeAws, target

K = EndpointKind


def variants(*sizes: int, kind: EndpointKind = K.INVOKE) -> tuple[Variant, ...]:
    return tuple(Variant(kind, size) for size in sizes)


async def bound(
    aws: FakeAws, wanted: tuple[Variant, ...], to: Target | None = None
) -> BoundFunction:
    async with aws.api() as api:
        return await bind_variants(to or target(), wanted, api=api, journal=aws.journal, environ={})


@pytest.fixture
def aws(tmp_path: Path) -> FakeAws:
    return FakeAws(tmp_path, memory_mb=512)


async def test_each_size_gets_a_version_and_an_alias_and_latest_stays_as_it_was(
    aws: FakeAws,
) -> None:
    found = await bound(aws, variants(128, 512, 1769))
    assert [binding.qualifier for binding in found.bindings] == [
        "lamload-128MB",
        "lamload-512MB",
        "lamload-1769MB",
    ]
    assert [aws.configuration(b.qualifier or "")["MemorySize"] for b in found.bindings] == [
        128,
        512,
        1769,
    ]
    assert aws.latest_mb == 512
    assert aws.on_disk["original_memory_mb"] is None
    binding = found.bindings[0]
    assert (binding.url, binding.function, binding.region) == (PLACE.url, "primes", "us-east-1")
    assert binding.sign
    assert found.account == "123456789012"
    assert found.facts["MemorySize"] == 512
    assert "Environment" not in found.facts


async def test_a_second_run_changes_nothing(aws: FakeAws) -> None:
    first = await bound(aws, variants(128, 1024))
    aws.calls.clear()
    again = await bound(aws, variants(128, 1024))
    assert again.bindings == first.bindings
    assert aws.calls == []


async def test_a_version_of_other_code_or_configuration_is_not_used_again(aws: FakeAws) -> None:
    await bound(aws, variants(128, 1024))
    async with aws.api() as api:
        await api.call("UpdateFunctionConfiguration", "primes", body={"Timeout": 77})
    await bound(aws, variants(128, 1024))
    assert aws.configuration("lamload-128MB")["Timeout"] == 77
    assert aws.configuration("lamload-1024MB")["Timeout"] == 77


async def test_the_size_that_the_function_has_needs_no_change_at_all(aws: FakeAws) -> None:
    found = await bound(aws, variants(512))
    assert found.bindings[0].qualifier == "$LATEST"
    assert aws.calls == []
    assert not aws.journal.path.exists()


async def test_a_qualifier_is_called_as_it_is_or_refused(aws: FakeAws) -> None:
    await bound(aws, variants(128, 512))
    for to in (
        target(qualifier="lamload-128MB"),
        target(function="primes:lamload-128MB"),
        target(function=f"{ARN}:lamload-128MB"),
    ):
        found = await bound(aws, variants(128), to)
        assert found.bindings[0].qualifier == "lamload-128MB"
        with pytest.raises(TargetError, match="has 128 MB and the profile asks for 256, 512 MB"):
            await bound(aws, variants(256, 512), to)


async def test_another_architecture_is_refused_before_anything_changes(aws: FakeAws) -> None:
    arm = (Variant(K.INVOKE, 128, Architecture.ARM64),)
    with pytest.raises(TargetError, match=r'set architecture = "x86_64"'):
        await bound(aws, arm)
    assert aws.calls == []


async def test_a_failure_on_the_way_gives_latest_its_size_back(aws: FakeAws) -> None:
    def refuse_publishing(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path.endswith("/versions"):
            return httpx.Response(403, json={"message": "no"}, headers={"x-amzn-errortype": "X"})
        return None

    aws.interfere = refuse_publishing
    with pytest.raises(AwsRefusal, match="allow lambda:PublishVersion to these credentials"):
        await bound(aws, variants(128, 1024))
    assert aws.latest_mb == 512


async def test_being_cancelled_on_the_way_gives_latest_its_size_back(aws: FakeAws) -> None:
    task: asyncio.Task[BoundFunction] | None = None

    def cancel_at_publishing(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path.endswith("/versions"):
            assert task is not None
            task.cancel()
        return None

    aws.interfere = cancel_at_publishing
    task = asyncio.ensure_future(bound(aws, variants(128, 1024)))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert aws.latest_mb == 512


async def test_after_a_crash_the_journal_undoes_everything(aws: FakeAws) -> None:
    class Crash(BaseException):
        pass

    def crash_at_second_publishing(_request: httpx.Request) -> httpx.Response | None:
        if any(call.startswith("POST") for call in aws.calls) and aws.latest_mb != 512:
            raise Crash
        return None

    aws.interfere = crash_at_second_publishing
    with pytest.raises(Crash):
        await bound(aws, variants(128, 512, 1024))
    aws.interfere = lambda _request: None
    assert aws.latest_mb == 128
    journal = Journal.read(aws.journal.path)
    assert not journal.changes.empty
    async with aws.api() as api:
        lines = await undo(api, journal)
    assert lines[0] == "primes has 512 MB again"
    assert aws.latest_mb == 512
    assert aws.versions == ["$LATEST"]
    assert not aws.journal.path.exists()


async def test_undo_removes_versions_aliases_and_urls_and_can_be_called_again(
    aws: FakeAws,
) -> None:
    await bound(aws, variants(128, 1024) + variants(128, 1024, kind=K.FUNCTION_URL))
    assert (len(aws.versions), len(aws.aliases), len(aws.urls)) == (3, 2, 2)
    journal, again = (Journal.read(aws.journal.path) for _ in range(2))
    async with aws.api() as api:
        assert len(await undo(api, journal)) == 6
        await undo(api, again)
        assert await undo(api, again) == ["primes is as it was: nothing is left to undo"]
    assert not aws.journal.path.exists()
    assert (len(aws.versions), len(aws.aliases), len(aws.urls)) == (1, 0, 0)


async def test_undo_points_a_moved_alias_back_and_leaves_a_version_in_use(aws: FakeAws) -> None:
    aws.ask("2015-03-31/functions/primes/versions", "POST")
    aliases = "2015-03-31/functions/primes/aliases"
    aws.ask(aliases, "POST", Name="lamload-128MB", FunctionVersion="1")
    await bound(aws, variants(128, 1024))
    made = aws.aliases["lamload-128MB"]
    assert made != "1"
    aws.ask(aliases, "POST", Name="theirs", FunctionVersion=made)
    async with aws.api() as api:
        lines = await undo(api, Journal.read(aws.journal.path))
    assert aws.aliases == {"lamload-128MB": "1", "theirs": made}
    assert any(line.startswith(f"version {made} stays") for line in lines)
    assert set(aws.versions) == {"$LATEST", "1", made}


async def test_a_size_that_somebody_else_set_meanwhile_stays(aws: FakeAws) -> None:
    aws.journal.changes.original_memory_mb = 512
    aws.journal.changes.set_memory_mb = [128]
    async with aws.api() as api:
        await api.call("UpdateFunctionConfiguration", "primes", body={"MemorySize": 3008})
        await undo(api, aws.journal)
    assert aws.latest_mb == 3008


async def test_throttles_and_lost_connections_of_the_control_plane_are_retried(
    aws: FakeAws,
) -> None:
    answers: list[Any] = [
        httpx.Response(429, json={"message": "Rate exceeded"}),
        httpx.ConnectError("refused"),
        httpx.Response(503),
    ]

    def interfere(_request: httpx.Request) -> httpx.Response | None:
        if answers:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            assert isinstance(answer, httpx.Response)
            return answer
        return None

    aws.interfere = interfere
    before_ns = aws.now_ns
    await bound(aws, variants(512))
    assert aws.now_ns - before_ns == 3_500_000_000


async def test_an_api_that_cannot_be_reached_or_is_none_is_named(aws: FakeAws) -> None:
    def unreachable(_request: httpx.Request) -> httpx.Response | None:
        raise httpx.ConnectError("no route")

    aws.interfere = unreachable
    with pytest.raises(TargetError, match=r"cannot reach https://lambda\..*no route"):
        await bound(aws, variants(128))
    aws.interfere = lambda _request: httpx.Response(200, text="<html>")
    with pytest.raises(TargetError, match="does not answer as AWS Lambda does"):
        await bound(aws, variants(128))
    aws.interfere = lambda _request: httpx.Response(404, json={"Message": "Function not found: x"})
    with pytest.raises(AwsRefusal, match="Function not found"):
        await bound(aws, variants(128))


async def test_a_front_door_of_several_sizes_needs_a_place_for_them_in_its_url(
    aws: FakeAws,
) -> None:
    wanted = variants(128, 1024, kind=K.ALB)
    to = target(urls={K.ALB: "https://lb.example/{memory_mb}/{alias}"})
    found = await bound(aws, wanted, to)
    assert [binding.url for binding in found.bindings] == [
        "https://lb.example/128/lamload-128MB",
        "https://lb.example/1024/lamload-1024MB",
    ]
    assert not found.bindings[0].sign
    aws.calls.clear()
    with pytest.raises(TargetError, match=r"put \{memory_mb\} or \{alias\} into the URL"):
        await bound(aws, wanted, target(urls={K.ALB: "https://lb.example/"}))
    with pytest.raises(TargetError, match=r"set target\.urls\.alb"):
        await bound(aws, variants(512, kind=K.ALB))
    assert aws.calls == []


async def test_function_urls_are_made_for_aliases_and_signed(aws: FakeAws) -> None:
    wanted = variants(128, 512, kind=K.FUNCTION_URL)
    first = await bound(aws, wanted)
    assert all(binding.sign for binding in first.bindings)
    assert len({binding.url for binding in first.bindings}) == 2
    aws.calls.clear()
    assert (await bound(aws, wanted)).bindings == first.bindings
    assert aws.calls == []


async def test_an_open_function_url_is_found_and_not_signed(aws: FakeAws) -> None:
    async with aws.api() as api:
        made = await api.call("CreateFunctionUrlConfig", "primes", body={"AuthType": "NONE"})
    found = await bound(aws, variants(512, kind=K.FUNCTION_URL))
    assert (found.bindings[0].url, found.bindings[0].sign) == (made["FunctionUrl"], False)
    given = target(urls={K.FUNCTION_URL: made["FunctionUrl"] + "path"})
    found = await bound(aws, variants(512, kind=K.FUNCTION_URL), given)
    assert (found.bindings[0].url, found.bindings[0].sign) == (made["FunctionUrl"] + "path", False)


MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:primes"


async def test_a_state_machine_is_called_where_it_is(aws: FakeAws) -> None:
    found = await bound(aws, variants(512, kind=K.STEP_FUNCTIONS), target(function=MACHINE))
    binding = found.bindings[0]
    assert binding.url == "https://sync-states.eu-west-1.amazonaws.com"
    assert (binding.function, binding.region, binding.sign) == (MACHINE, "eu-west-1", True)
    for wanted in (variants(128, 512, kind=K.STEP_FUNCTIONS), variants(512)):
        with pytest.raises(TargetError, match="state machine"):
            await bound(aws, wanted, target(function=MACHINE))
    url = f"https://sync-states.us-east-1.amazonaws.com/?stateMachineArn={MACHINE}-{{memory_mb}}"
    to = target(urls={K.STEP_FUNCTIONS: url})
    found = await bound(aws, variants(128, 512, kind=K.STEP_FUNCTIONS), to)
    assert [b.function for b in found.bindings] == [f"{MACHINE}-128", f"{MACHINE}-512"]
    assert found.bindings[0].url == "https://sync-states.us-east-1.amazonaws.com/"
    to = target(urls={K.STEP_FUNCTIONS: "https://sync-states.us-east-1.amazonaws.com/"})
    with pytest.raises(TargetError, match="stateMachineArn="):
        await bound(aws, variants(512, kind=K.STEP_FUNCTIONS), to)


@pytest.mark.parametrize(
    ("text", "name", "qualifier", "region"),
    [
        ("primes", "primes", None, None),
        ("primes:live", "primes", "live", None),
        ("123456789012:function:primes", "123456789012:function:primes", None, None),
        ("123456789012:primes:7", "123456789012:primes", "7", None),
        ("function:primes:7", "function:primes", "7", None),
        (ARN, ARN, None, "us-east-1"),
        (f"{ARN}:$LATEST", ARN, "$LATEST", "us-east-1"),
    ],
)
def test_names_and_arns_are_taken_apart(
    text: str, name: str, qualifier: str | None, region: str | None
) -> None:
    assert FunctionName.parse(text) == FunctionName(name, qualifier, region)


def test_the_place_follows_arn_profile_and_environment() -> None:
    environ = {"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "ap-south-1"}
    assert place_of(target(function=ARN, region="eu-west-1"), environ) == PLACE
    assert place_of(target(region="eu-west-1"), environ).region == "eu-west-1"
    assert place_of(target(), environ).region == "eu-north-1"
    environ = {"AWS_DEFAULT_REGION": "cn-north-1"}
    assert place_of(target(), environ).url == "https://lambda.cn-north-1.amazonaws.com.cn"
    environ |= {"AWS_ENDPOINT_URL": "http://localhost:4566/"}
    assert place_of(target(), environ) == Place("cn-north-1", "http://localhost:4566")
    environ |= {"AWS_ENDPOINT_URL_LAMBDA": "http://localhost:9001"}
    assert place_of(target(), environ).url == "http://localhost:9001"


def test_a_run_without_a_journal_changed_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has nothing to undo in AWS"):
        Journal.read(tmp_path / "aws-changes.json")
    (tmp_path / "aws-changes.json").write_text('{"function": 1')
    with pytest.raises(UsageError, match="cannot be read"):
        Journal.read(tmp_path / "aws-changes.json")
