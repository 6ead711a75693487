"""The control plane as boto3 uses it, unmodified, over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bench.local.account.store import Store
from bench.local.control_plane.api import ControlPlane
from bench.local.model import HttpRequest
from tests.local.control_plane.archives import HANDLER, archive
from tests.local.control_plane.serving import served

MS = 1_000_000
ROLE = "arn:aws:iam::123456789012:role/any"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:primes"


class SteppingClock:
    """A clock that moves by a step at every look, so that waiters see each state pass."""

    def __init__(self) -> None:
        self._now_ns = 1_700_000_000_123 * MS
        self._lock = threading.Lock()
        self.step_ns = 0

    def __call__(self) -> int:
        with self._lock:
            self._now_ns += self.step_ns
            return self._now_ns

    def pass_ms(self, ms: int) -> None:
        with self._lock:
            self._now_ns += ms * MS


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def plane(clock: SteppingClock, tmp_path: Path) -> ControlPlane:
    store = Store(clock_ns=clock, rng=Random(1), pending_ms=300, update_ms=200)
    return ControlPlane(store, tmp_path / "code")


@pytest.fixture
def client(plane: ControlPlane) -> Iterator[Any]:
    with served(plane.handle) as url:
        yield boto3.client(
            "lambda",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=5,
                parameter_validation=False,
            ),
        )


def create(client: Any, **changes: Any) -> dict[str, Any]:
    asked = {
        "FunctionName": "primes",
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "Code": {"ZipFile": archive(app__py=HANDLER)},
        **changes,
    }
    made: dict[str, Any] = client.create_function(**asked)
    return made


@pytest.fixture
def active(client: Any, clock: SteppingClock) -> Any:
    """A client, with a function that is active."""
    create(client)
    clock.pass_ms(300)
    return client


def error_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[int, str, str]:
    response = caught.value.response
    return (
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Code"],
        response["Error"]["Message"],
    )


def test_a_function_is_created_and_described_as_aws_does(client: Any, clock: SteppingClock) -> None:
    made = create(
        client,
        MemorySize=256,
        Timeout=5,
        Description="finds primes",
        Environment={"Variables": {"STAGE": "test"}},
        EphemeralStorage={"Size": 1024},
        Architectures=["arm64"],
        LoggingConfig={"LogFormat": "JSON"},
        TracingConfig={"Mode": "Active"},
        Tags={"team": "a"},
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["ResponseMetadata"]["RequestId"]
    assert (made["State"], made["StateReasonCode"]) == ("Pending", "Creating")
    assert "LastUpdateStatus" not in made
    clock.pass_ms(300)
    got = client.get_function(FunctionName="primes")
    configuration = got["Configuration"]
    assert configuration["RevisionId"] != made["RevisionId"]
    assert got["Tags"] == {"team": "a"}
    assert got["Code"]["RepositoryType"] == "S3"
    assert configuration["LastModified"] == "2023-11-14T22:13:20.123+0000"
    expected = {
        "FunctionName": "primes",
        "FunctionArn": ARN,
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "Description": "finds primes",
        "Timeout": 5,
        "MemorySize": 256,
        "Version": "$LATEST",
        "Environment": {"Variables": {"STAGE": "test"}},
        "TracingConfig": {"Mode": "Active"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 1024},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/primes"},
    }
    assert {key: configuration[key] for key in expected} == expected
    assert client.get_function_configuration(FunctionName="primes")["State"] == "Active"


@pytest.mark.usefixtures("active")
def test_the_code_is_unpacked_for_the_sandboxes(plane: ControlPlane) -> None:
    folder = Path(plane._store.target("primes").config.folder)
    assert (folder / "app.py").read_bytes() == HANDLER


def test_waiters_see_pending_and_in_progress_pass(client: Any, clock: SteppingClock) -> None:
    clock.step_ns = 20 * MS
    quick = {"Delay": 0, "MaxAttempts": 100}
    create(client)
    client.get_waiter("function_active_v2").wait(FunctionName="primes", WaiterConfig=quick)
    client.update_function_configuration(FunctionName="primes", MemorySize=512)
    client.get_waiter("function_updated_v2").wait(FunctionName="primes", WaiterConfig=quick)
    client.update_function_code(FunctionName="primes", ZipFile=archive(app__py=b"x = 1"))
    client.get_waiter("function_updated").wait(FunctionName="primes", WaiterConfig=quick)
    version = client.publish_version(FunctionName="primes")["Version"]
    for waiter in ("function_active", "published_version_active", "function_exists"):
        client.get_waiter(waiter).wait(FunctionName="primes", Qualifier=version, WaiterConfig=quick)


def test_an_update_is_in_progress_and_a_second_one_conflicts(
    active: Any, clock: SteppingClock
) -> None:
    made = active.update_function_configuration(FunctionName="primes", MemorySize=512)
    assert (made["LastUpdateStatus"], made["MemorySize"]) == ("InProgress", 512)
    again: dict[str, dict[str, Any]] = {
        "update_function_configuration": {"Timeout": 9},
        "update_function_code": {"ZipFile": archive(a__py=b"")},
        "publish_version": {},
    }
    for operation, members in again.items():
        with pytest.raises(active.exceptions.ResourceConflictException) as caught:
            getattr(active, operation)(FunctionName="primes", **members)
        assert error_of(caught) == (
            409,
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress for "
            f"resource: {ARN}",
        )
    clock.pass_ms(200)
    active.update_function_configuration(FunctionName="primes", Timeout=9)


def test_a_memory_sweep_as_tuning_tools_make_it(active: Any, clock: SteppingClock) -> None:
    for size in (128, 256, 512):
        active.update_function_configuration(FunctionName="primes", MemorySize=size)
        clock.pass_ms(200)
        version = active.publish_version(FunctionName="primes", Description=f"{size}")
        active.create_alias(
            FunctionName="primes", Name=f"RAM{size}", FunctionVersion=version["Version"]
        )
        got = active.get_function_configuration(FunctionName="primes", Qualifier=f"RAM{size}")
        assert (got["MemorySize"], got["FunctionArn"]) == (size, f"{ARN}:RAM{size}")
        assert (got["State"], got["LastUpdateStatus"]) == ("Active", "Successful")
    versions = active.list_versions_by_function(FunctionName="primes")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2", "3"]
    assert versions[0]["FunctionArn"] == f"{ARN}:$LATEST"
    assert len(active.list_aliases(FunctionName="primes")["Aliases"]) == 3
    of_two = active.list_aliases(FunctionName="primes", FunctionVersion="2")["Aliases"]
    assert [alias["Name"] for alias in of_two] == ["RAM256"]


def test_publishing_unchanged_code_returns_the_version_that_is_there(active: Any) -> None:
    first = active.publish_version(FunctionName="primes")
    again = active.publish_version(FunctionName="primes", Description="new")
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (first["Version"], again["Version"]) == ("1", "1")
    assert (first["State"], first["FunctionArn"]) == ("Active", f"{ARN}:1")


def test_create_and_update_can_publish_at_once(client: Any, clock: SteppingClock) -> None:
    assert create(client, Publish=True)["Version"] == "1"
    clock.pass_ms(300)
    made = active_code(client)
    assert made["Version"] == "2"
    clock.pass_ms(200)
    assert client.get_function(FunctionName="primes:2")["Configuration"]["State"] == "Active"


def active_code(client: Any) -> dict[str, Any]:
    made: dict[str, Any] = client.update_function_code(
        FunctionName="primes", ZipFile=archive(app__py=b"x = 2"), Publish=True
    )
    return made


def test_a_dry_run_changes_nothing(active: Any) -> None:
    before = active.get_function_configuration(FunctionName="primes")
    dry = active.update_function_code(
        FunctionName="primes", ZipFile=archive(app__py=b"x = 3"), DryRun=True
    )
    assert dry["CodeSha256"] != before["CodeSha256"]
    after = active.get_function_configuration(FunctionName="primes")
    assert after["CodeSha256"] == before["CodeSha256"]
    assert after["RevisionId"] == before["RevisionId"]


@pytest.mark.parametrize(
    ("name", "qualifier"),
    [
        (ARN, None),
        (f"{ARN}:live", None),
        ("primes:live", None),
        ("123456789012:function:primes:live", None),
        ("primes", "live"),
        ("primes", "$LATEST"),
        ("primes:$LATEST", None),
    ],
)
def test_every_form_of_a_name_works(active: Any, name: str, qualifier: str | None) -> None:
    active.publish_version(FunctionName="primes")
    active.create_alias(FunctionName="primes", Name="live", FunctionVersion="1")
    more = {"Qualifier": qualifier} if qualifier else {}
    got = active.get_function(FunctionName=name, **more)
    assert got["Configuration"]["FunctionName"] == "primes"


def test_aliases_have_weights_and_revisions(active: Any, clock: SteppingClock) -> None:
    active.publish_version(FunctionName="primes")
    active.update_function_configuration(FunctionName="primes", MemorySize=512)
    clock.pass_ms(200)
    active.publish_version(FunctionName="primes")
    made = active.create_alias(
        FunctionName="primes",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}},
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["AliasArn"] == f"{ARN}:live"
    with pytest.raises(active.exceptions.PreconditionFailedException):
        active.update_alias(FunctionName="primes", Name="live", RevisionId="stale")
    updated = active.update_alias(
        FunctionName="primes",
        Name="live",
        RevisionId=made["RevisionId"],
        RoutingConfig={"AdditionalVersionWeights": {}},
    )
    assert "RoutingConfig" not in updated
    assert updated["FunctionVersion"] == "1"
    with pytest.raises(active.exceptions.ResourceConflictException):
        active.create_alias(FunctionName="primes", Name="live", FunctionVersion="1")
    with pytest.raises(active.exceptions.ResourceNotFoundException) as caught:
        active.create_alias(FunctionName="primes", Name="next", FunctionVersion="9")
    assert error_of(caught)[2] == f"Function not found: {ARN}:9"
    gone = active.delete_alias(FunctionName="primes", Name="live")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(active.exceptions.ResourceNotFoundException) as caught:
        active.get_alias(FunctionName="primes", Name="live")
    assert error_of(caught)[2] == f"Cannot find alias arn: {ARN}:live"


def test_reserved_concurrency(active: Any) -> None:
    assert active.get_function_concurrency(FunctionName="primes").keys() == {"ResponseMetadata"}
    put = active.put_function_concurrency(FunctionName="primes", ReservedConcurrentExecutions=0)
    assert put["ReservedConcurrentExecutions"] == 0
    assert active.get_function(FunctionName="primes")["Concurrency"] == {
        "ReservedConcurrentExecutions": 0
    }
    active.put_function_concurrency(FunctionName="primes", ReservedConcurrentExecutions=200)
    limit = active.get_account_settings()["AccountLimit"]
    assert (limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]) == (1000, 800)
    with pytest.raises(active.exceptions.InvalidParameterValueException):
        active.put_function_concurrency(FunctionName="primes", ReservedConcurrentExecutions=901)
    gone = active.delete_function_concurrency(FunctionName="primes")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_provisioned_concurrency(active: Any, clock: SteppingClock) -> None:
    active.publish_version(FunctionName="primes")
    asked = {"FunctionName": "primes", "Qualifier": "1"}
    with pytest.raises(active.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        active.get_provisioned_concurrency_config(**asked)
    with pytest.raises(active.exceptions.InvalidParameterValueException):
        active.put_provisioned_concurrency_config(
            FunctionName="primes", Qualifier="$LATEST", ProvisionedConcurrentExecutions=1
        )
    put = active.put_provisioned_concurrency_config(**asked, ProvisionedConcurrentExecutions=2)
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert (put["Status"], put["AllocatedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 0)
    clock.pass_ms(300)
    got = active.get_provisioned_concurrency_config(**asked)
    assert (got["Status"], got["AvailableProvisionedConcurrentExecutions"]) == ("READY", 2)
    listed = active.list_provisioned_concurrency_configs(FunctionName="primes")
    assert [held["FunctionArn"] for held in listed["ProvisionedConcurrencyConfigs"]] == [f"{ARN}:1"]
    active.delete_provisioned_concurrency_config(**asked)
    listed = active.list_provisioned_concurrency_configs(FunctionName="primes")
    assert listed["ProvisionedConcurrencyConfigs"] == []


def test_an_empty_environment_is_echoed(client: Any) -> None:
    assert "Environment" not in create(client)
    made = create(client, FunctionName="other", Environment={"Variables": {}})
    assert made["Environment"] == {"Variables": {}}


def test_names_and_qualifiers_that_cannot_be_are_not_found(active: Any) -> None:
    for asked in ({"FunctionName": "n" * 65}, {"FunctionName": "primes", "Qualifier": "$latest"}):
        with pytest.raises(active.exceptions.ResourceNotFoundException, match="Function not found"):
            active.get_function(**asked)


def test_layers_are_refused_and_not_taken_without_effect(client: Any) -> None:
    with pytest.raises(ClientError) as caught:
        create(client, Layers=["arn:aws:lambda:us-east-1:123456789012:layer:x:1"])
    status, code, message = error_of(caught)
    assert (status, code) == (400, "InvalidParameterValueException")
    assert "--layer FOLDER" in message


def test_a_version_has_no_url(active: Any) -> None:
    with pytest.raises(ClientError) as caught:
        active.create_function_url_config(FunctionName="primes", Qualifier="1", AuthType="NONE")
    assert error_of(caught)[:2] == (400, "ValidationException")


def test_function_urls(active: Any) -> None:
    made = active.create_function_url_config(
        FunctionName="primes", AuthType="NONE", Cors={"AllowOrigins": ["*"]}
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["FunctionUrl"].endswith(".lambda-url.us-east-1.on.aws/")
    with pytest.raises(active.exceptions.ResourceConflictException):
        active.create_function_url_config(FunctionName="primes", AuthType="NONE")
    assert "InvokeMode" not in made, "it is told where it was asked for"
    updated = active.update_function_url_config(FunctionName="primes", AuthType="AWS_IAM")
    assert "InvokeMode" not in updated
    assert (updated["AuthType"], updated["Cors"]) == ("AWS_IAM", {"AllowOrigins": ["*"]})
    assert active.get_function_url_config(FunctionName="primes")["InvokeMode"] == "BUFFERED"
    listed = active.list_function_url_configs(FunctionName="primes")["FunctionUrlConfigs"]
    assert [url["FunctionUrl"] for url in listed] == [made["FunctionUrl"]]
    active.delete_function_url_config(FunctionName="primes")
    with pytest.raises(active.exceptions.ResourceNotFoundException):
        active.get_function_url_config(FunctionName="primes")


def test_permissions_and_tags(active: Any) -> None:
    added = active.add_permission(
        FunctionName="primes",
        StatementId="url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    statement = json.loads(added["Statement"])
    assert statement["Condition"] == {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    with pytest.raises(active.exceptions.ResourceConflictException):
        active.add_permission(
            FunctionName="primes", StatementId="url", Action="lambda:*", Principal="*"
        )
    policy = json.loads(active.get_policy(FunctionName="primes")["Policy"])
    assert policy["Statement"] == [statement]
    active.remove_permission(FunctionName="primes", StatementId="url")
    with pytest.raises(active.exceptions.ResourceNotFoundException):
        active.get_policy(FunctionName="primes")
    active.tag_resource(Resource=ARN, Tags={"a": "1", "b": "2"})
    active.untag_resource(Resource=ARN, TagKeys=["a", "zzz"])
    assert active.list_tags(Resource=ARN)["Tags"] == {"b": "2"}


def test_what_deployment_tools_ask_on_their_way(active: Any) -> None:
    active.get_function_code_signing_config(FunctionName="primes")
    active.get_runtime_management_config(FunctionName="primes")
    assert (
        active.get_function_recursion_config(FunctionName="primes")["RecursiveLoop"] == "Terminate"
    )
    active.put_function_event_invoke_config(FunctionName="primes", MaximumRetryAttempts=1)
    got = active.get_function_event_invoke_config(FunctionName="primes")
    assert (got["MaximumRetryAttempts"], got["FunctionArn"]) == (1, f"{ARN}:$LATEST")
    active.delete_function_event_invoke_config(FunctionName="primes")
    assert active.list_event_source_mappings()["EventSourceMappings"] == []
    assert active.list_layers()["Layers"] == []


def test_lists_have_pages(client: Any) -> None:
    names = sorted(f"f{number}" for number in range(7))
    for name in names:
        create(client, FunctionName=name)
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3})
    found = [[function["FunctionName"] for function in page["Functions"]] for page in pages]
    assert [len(page) for page in found] == [3, 3, 1]
    assert [name for page in found for name in page] == names
    every = client.list_functions(FunctionVersion="ALL")["Functions"]
    assert every[0]["FunctionArn"].endswith(":f0:$LATEST")


def test_deleting(active: Any) -> None:
    active.publish_version(FunctionName="primes")
    active.delete_function(FunctionName="primes", Qualifier="1")
    gone = active.delete_function(FunctionName="primes")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] in (200, 204)
    with pytest.raises(active.exceptions.ResourceNotFoundException) as caught:
        active.delete_function(FunctionName="primes")
    assert error_of(caught) == (404, "ResourceNotFoundException", f"Function not found: {ARN}")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"MemorySize": 127}, 400, "ValidationException"),
        ({"MemorySize": 10_241}, 400, "ValidationException"),
        ({"Timeout": 901}, 400, "ValidationException"),
        ({"Timeout": 0}, 400, "ValidationException"),
        ({"Runtime": "cobol85"}, 400, "InvalidParameterValueException"),
        ({"Role": "nobody"}, 400, "ValidationException"),
        ({"Architectures": ["riscv"]}, 400, "ValidationException"),
        ({"EphemeralStorage": {"Size": 100}}, 400, "ValidationException"),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x"}}},
            400,
            "InvalidParameterValueException",
        ),
        ({"Environment": {"Variables": {"1A": "x"}}}, 400, "ValidationException"),
        ({"Environment": {"Variables": {"A1": "x" * 5000}}}, 400, "InvalidParameterValueException"),
        ({"Code": {"S3Bucket": "b", "S3Key": "k"}}, 400, "InvalidParameterValueException"),
        (
            {"Code": {"ImageUri": "x"}, "PackageType": "Image"},
            400,
            "InvalidParameterValueException",
        ),
        ({"Code": {"ZipFile": b"junk"}}, 400, "InvalidParameterValueException"),
        ({"FunctionName": "x" * 65}, 400, "ValidationException"),
        ({"FunctionName": "no/../way"}, 400, "ValidationException"),
        ({"Description": "x" * 257}, 400, "ValidationException"),
    ],
)
def test_a_function_that_cannot_be_is_refused(
    client: Any, changes: dict[str, Any], status: int, code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        create(client, **changes)
    assert error_of(caught)[:2] == (status, code)
    assert client.list_functions()["Functions"] == []


def test_a_name_that_is_taken_conflicts(active: Any) -> None:
    with pytest.raises(active.exceptions.ResourceConflictException) as caught:
        create(active)
    assert error_of(caught)[2] == "Function already exist: primes"


def test_code_storage_has_an_end(active: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    used = active.get_account_settings()["AccountUsage"]["TotalCodeSize"]
    monkeypatch.setattr("bench.local.control_plane.code.STORAGE_LIMIT_BYTES", used + 10)
    with pytest.raises(active.exceptions.CodeStorageExceededException) as caught:
        create(active, FunctionName="one-too-many")
    assert error_of(caught)[0] == 400


def request(method: str, path: str, body: bytes = b"", query: str = "") -> HttpRequest:
    return HttpRequest(method, path, query, (), body)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/2015-03-31/functions/primes/invocations",
        "/2021-11-15/functions/primes/response-streaming-invocations",
        "/other/functions",
        "//2015-03-31",
        "/2015-03-31x/functions",
    ],
)
def test_other_paths_are_not_the_control_planes(plane: ControlPlane, path: str) -> None:
    answer = plane.handle(request("POST", path))
    assert answer is None or answer.status == 404


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"nonsense", b"[" * 100_000, b"\xff\xfe", b'{"MemorySize": "x"}']
)
def test_a_body_that_cannot_be_read_is_400(plane: ControlPlane, body: bytes) -> None:
    answer = plane.handle(request("POST", "/2015-03-31/functions", body))
    assert answer is not None
    assert answer.status == 400
    json.loads(answer.body)


def test_an_unknown_operation_is_404(plane: ControlPlane) -> None:
    for method, path in (
        ("PATCH", "/2015-03-31/functions/x"),
        ("GET", "/2015-03-31/nothing/at/all"),
    ):
        answer = plane.handle(request(method, path))
        assert answer is not None
        assert answer.status == 404
        assert ("x-amzn-ErrorType", "UnknownOperationException") in answer.headers
