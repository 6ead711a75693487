"""boto3 against the embedded Lambda, unmodified."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local.serving import Caller, bootstrap_function, serving

STREAMING = """
    #!/usr/bin/env python3
    import http.client, json, os
    host = os.environ["AWS_LAMBDA_RUNTIME_API"]
    base = "/2018-06-01/runtime/invocation"
    while True:
        connection = http.client.HTTPConnection(host)
        connection.request("GET", f"{base}/next")
        answer = connection.getresponse()
        request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(answer)
        connection.putrequest("POST", f"{base}/{request_id}/response")
        connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.putheader("Content-Type", "text/plain")
        connection.putheader("Trailer", "Lambda-Runtime-Function-Error-Type")
        connection.endheaders()
        for piece in event["pieces"]:
            data = piece.encode()
            connection.send(b"%x\\r\\n%b\\r\\n" % (len(data), data))
        if event.get("break"):
            error = base64 = __import__("base64").b64encode(b'{"errorType":"Broken"}').decode()
            connection.send(
                b"0\\r\\nLambda-Runtime-Function-Error-Type: Broken\\r\\n"
                b"Lambda-Runtime-Function-Error-Body: " + error.encode() + b"\\r\\n\\r\\n"
            )
        else:
            connection.send(b"0\\r\\n\\r\\n")
        connection.getresponse().read()
"""


def client_of(local: Caller, service: str = "lambda", url: str = "") -> Any:
    return boto3.client(
        service,
        endpoint_url=url or local.server.invoke_url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}, proxies={}, inject_host_prefix=False),
    )


@pytest.fixture
async def local() -> AsyncIterator[Caller]:
    async with serving("echo", "hello", memory_mb=(128, 1769)) as caller:
        yield caller


async def test_invoke_with_log_and_context(local: Caller) -> None:
    def calls() -> None:
        client = client_of(local)
        answer = client.invoke(
            FunctionName="echo", Qualifier="1769MB", LogType="Tail", Payload=b'{"a": [1, 2]}'
        )
        assert answer["StatusCode"] == 200
        assert answer["ExecutedVersion"] == "2"
        assert "FunctionError" not in answer
        assert json.load(answer["Payload"]) == {"a": [1, 2]}
        log = base64.b64decode(answer["LogResult"]).decode()
        assert "Memory Size: 1769 MB" in log
        arn = "arn:aws:lambda:us-east-1:123456789012:function:echo"
        for name in (arn, f"{arn}:128MB", "123456789012:function:echo", "echo:$LATEST"):
            assert json.load(client.invoke(FunctionName=name)["Payload"]) == {}

    await asyncio.to_thread(calls)


async def test_dry_run_and_event(local: Caller) -> None:
    def calls() -> None:
        client = client_of(local)
        dry = client.invoke(FunctionName="echo", InvocationType="DryRun")
        assert dry["StatusCode"] == 204
        event = client.invoke(FunctionName="echo", InvocationType="Event", Payload=b"{}")
        assert event["StatusCode"] == 202
        assert event["Payload"].read() == b""

    await asyncio.to_thread(calls)


async def test_errors_are_the_exceptions_that_sdks_know(local: Caller) -> None:
    def calls() -> None:
        client = client_of(local)
        with pytest.raises(client.exceptions.ResourceNotFoundException, match="function:nobody"):
            client.invoke(FunctionName="nobody")
        with pytest.raises(client.exceptions.InvalidRequestContentException):
            client.invoke(FunctionName="echo", Payload=b"{")
        with pytest.raises(client.exceptions.RequestTooLargeException):
            client.invoke(FunctionName="echo", Payload=b'"' + b"x" * 6_291_456 + b'"')
        client.put_function_concurrency(FunctionName="hello", ReservedConcurrentExecutions=0)
        with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
            client.invoke(FunctionName="hello")
        assert caught.value.response["Reason"] == (
            "ReservedFunctionConcurrentInvocationLimitExceeded"
        )

    await asyncio.to_thread(calls)


async def test_a_function_is_made_invoked_provisioned_and_deleted(local: Caller) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(
            "app.py",
            "import os\n"
            "def handler(event, context):\n"
            "    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n",
        )

    def calls() -> None:
        client = client_of(local)
        client.create_function(
            FunctionName="made",
            Runtime="python3.12",
            Handler="app.handler",
            Role="arn:aws:iam::123456789012:role/r",
            Code={"ZipFile": archive.getvalue()},
        )
        quickly = {"Delay": 0.05, "MaxAttempts": 100}
        client.get_waiter("function_active_v2").wait(FunctionName="made", WaiterConfig=quickly)
        assert json.load(client.invoke(FunctionName="made")["Payload"]) == "on-demand"
        version = client.publish_version(FunctionName="made")["Version"]
        client.put_provisioned_concurrency_config(
            FunctionName="made", Qualifier=version, ProvisionedConcurrentExecutions=2
        )
        while True:
            held = client.get_provisioned_concurrency_config(FunctionName="made", Qualifier=version)
            if held["Status"] == "READY":
                break
        assert held["AllocatedProvisionedConcurrentExecutions"] == 2
        warm = client.invoke(FunctionName="made", Qualifier=version, LogType="Tail")
        assert json.load(warm["Payload"]) == "provisioned-concurrency"
        assert b"Init Duration" not in base64.b64decode(warm["LogResult"])
        client.delete_function(FunctionName="made")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.invoke(FunctionName="made")

    await asyncio.to_thread(calls)
    assert local.server.dispatcher.alive("arn:aws:lambda:us-east-1:123456789012:function:made") == 0


async def test_environments_follow_an_alias_to_its_new_version(local: Caller) -> None:
    def ready(client: Any) -> dict[str, Any]:
        while True:
            held: dict[str, Any] = client.get_provisioned_concurrency_config(
                FunctionName="echo", Qualifier="live"
            )
            if held["Status"] == "READY":
                return held

    def calls() -> None:
        client = client_of(local)
        first = client.publish_version(FunctionName="echo")["Version"]
        client.create_alias(FunctionName="echo", Name="live", FunctionVersion=first)
        client.put_provisioned_concurrency_config(
            FunctionName="echo", Qualifier="live", ProvisionedConcurrentExecutions=1
        )
        ready(client)
        client.update_function_configuration(FunctionName="echo", MemorySize=512)
        quickly = {"Delay": 0.05, "MaxAttempts": 100}
        client.get_waiter("function_updated_v2").wait(FunctionName="echo", WaiterConfig=quickly)
        second = client.publish_version(FunctionName="echo")["Version"]
        assert second != first
        client.update_alias(FunctionName="echo", Name="live", FunctionVersion=second)
        held = ready(client)
        assert held["AvailableProvisionedConcurrentExecutions"] == 1
        answer = client.invoke(FunctionName="echo", Qualifier="live", LogType="Tail")
        assert answer["ExecutedVersion"] == second
        assert b"Init Duration" not in base64.b64decode(answer["LogResult"])

    await asyncio.to_thread(calls)


async def test_a_changed_configuration_gets_new_sandboxes(local: Caller) -> None:
    def calls() -> None:
        client = client_of(local)
        client.invoke(FunctionName="echo")
        client.update_function_configuration(FunctionName="echo", MemorySize=512)
        quickly = {"Delay": 0.05, "MaxAttempts": 100}
        client.get_waiter("function_updated_v2").wait(FunctionName="echo", WaiterConfig=quickly)
        answer = client.invoke(FunctionName="echo", LogType="Tail")
        log = base64.b64decode(answer["LogResult"])
        assert b"Memory Size: 512 MB" in log
        assert b"Init Duration" in log

    await asyncio.to_thread(calls)


async def test_a_function_url_that_was_made_is_served(local: Caller) -> None:
    def make() -> str:
        made = client_of(local).create_function_url_config(FunctionName="hello", AuthType="NONE")
        return str(made["FunctionUrl"])

    url = await asyncio.to_thread(make)
    answer = await local.http.get(url + "some/path")
    assert (answer.status_code, answer.text) == (200, "<h1>Hello from Lambda!</h1>")
    unknown = await local.http.get(url.replace(url.split("/")[3], "nobody"))
    assert (unknown.status_code, unknown.json()) == (403, {"Message": None})


async def test_a_stream_of_a_function_that_does_not_stream(local: Caller) -> None:
    def calls() -> None:
        answer = client_of(local).invoke_with_response_stream(
            FunctionName="echo", Payload=b'{"a": 1}', LogType="Tail"
        )
        assert answer["ExecutedVersion"] == "$LATEST"
        chunk, end = list(answer["EventStream"])
        assert json.loads(chunk["PayloadChunk"]["Payload"]) == {"a": 1}
        assert "ErrorCode" not in end["InvokeComplete"]
        assert b"REPORT" in base64.b64decode(end["InvokeComplete"]["LogResult"])

    await asyncio.to_thread(calls)


async def test_a_function_that_streams(tmp_path: Path) -> None:
    async with serving(bootstrap_function(tmp_path, STREAMING)) as local:

        def calls() -> None:
            client = client_of(local)
            event = json.dumps({"pieces": ["one", "two"]}).encode()
            answer = client.invoke_with_response_stream(FunctionName="f", Payload=event)
            *chunks, end = list(answer["EventStream"])
            assert b"".join(c["PayloadChunk"]["Payload"] for c in chunks) == b"onetwo"
            assert "ErrorCode" not in end["InvokeComplete"]
            whole = client.invoke(FunctionName="f", Payload=event)
            assert whole["Payload"].read() == b"onetwo"
            event = json.dumps({"pieces": ["one"], "break": True}).encode()
            answer = client.invoke_with_response_stream(FunctionName="f", Payload=event)
            *chunks, end = list(answer["EventStream"])
            assert b"".join(c["PayloadChunk"]["Payload"] for c in chunks) == b"one"
            assert end["InvokeComplete"]["ErrorCode"] == "Broken"
            assert json.loads(end["InvokeComplete"]["ErrorDetails"]) == {"errorType": "Broken"}

        await asyncio.to_thread(calls)


async def test_signatures_are_checked_in_full_where_asked() -> None:
    keys = {"AKID": ("secret", None)}
    async with serving("hello", verify_signatures=True, credentials=keys) as local:

        def client(secret: str) -> Any:
            return boto3.client(
                "lambda",
                endpoint_url=local.server.invoke_url,
                region_name="us-east-1",
                aws_access_key_id="AKID",
                aws_secret_access_key=secret,
                config=Config(retries={"total_max_attempts": 1}, proxies={}),
            )

        def calls() -> None:
            assert client("secret").invoke(FunctionName="hello")["StatusCode"] == 200
            with pytest.raises(ClientError, match="InvalidSignatureException"):
                client("wrong").invoke(FunctionName="hello")

        await asyncio.to_thread(calls)


async def test_step_functions_start_sync_execution() -> None:
    async with serving("echo", doors=("step-functions",)) as local:

        def calls() -> None:
            client = client_of(local, "stepfunctions", local.door("step-functions"))
            answer = client.start_sync_execution(
                stateMachineArn="arn:aws:states:us-east-1:123456789012:stateMachine:echo.128MB",
                input='{"a": 1}',
            )
            assert answer["status"] == "SUCCEEDED"
            assert json.loads(answer["output"]) == {"a": 1}

        await asyncio.to_thread(calls)
        unsigned = await local.http.post(local.door("step-functions"), content=b"{}")
        assert unsigned.status_code == 403
        assert unsigned.json()["__type"].endswith("#MissingAuthenticationTokenException")
