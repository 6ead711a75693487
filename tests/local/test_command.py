"""`lamload local` as a command: what it prints, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner

from bench.commands.local import local
from bench.errors import LamloadError, ProfileError, TargetError, UsageError
from bench.local.doors import DOORS
from bench.local.options import LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY
from tests.local.serving import AUTHORIZATION, PATIENCE_S
from tests.local.test_exit import COMMAND, Command


def refused(*arguments: str) -> LamloadError:
    """The error that the command ends with."""
    result = CliRunner().invoke(local, arguments)
    assert isinstance(result.exception, LamloadError), result.output
    return result.exception


def test_json_is_one_line_with_every_url() -> None:
    arguments = ("--function", "hello", "--memory", "128,256MB")
    with closing(Command(*arguments)) as command:
        ready = command.ready
        assert ready["pid"] == command.process.pid
        assert (ready["region"], ready["account"]) == ("us-east-1", "123456789012")
        small, large = ready["functions"]
        assert {key: large[key] for key in large if key != "urls"} == {
            "name": "hello",
            "arn": "arn:aws:lambda:us-east-1:123456789012:function:hello",
            "qualifier": "256MB",
            "version": "2",
            "memory_mb": 256,
            "architecture": "x86_64",
            "routes": [],
        }
        assert set(small["urls"]) == set(DOORS)
        urls = [*small["urls"].values(), *large["urls"].values()]
        assert len(set(urls)) == len(urls)
        assert all(url.startswith("http://127.0.0.1:") and url.endswith("/") for url in urls)
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as http:
            assert http.get(f"{ready['control_url']}/healthz").json() == {"status": "ok"}
            assert http.get(small["urls"]["alb"]).text == "<h1>Hello from Lambda!</h1>"
        command.process.terminate()
        stdout, _ = command.process.communicate(timeout=PATIENCE_S)
        assert stdout == b"", "one line and nothing else"


def invoked(ready: dict[str, Any], key: str, secret: str) -> int:
    """The status of an invocation that boto3 signs with these keys."""
    client = boto3.client(
        "lambda",
        endpoint_url=ready["invoke_url"],
        region_name=ready["region"],
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )
    try:
        status: int = client.invoke(FunctionName="hello")["StatusCode"]
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status


def test_the_keys_that_the_help_names_are_those_that_are_verified() -> None:
    words = " ".join(CliRunner().invoke(local, ["--help"]).output.split())
    named = re.search(r"the access key is (\S+), its secret key (\S+)\.", words)
    assert named and named.groups() == (LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY)
    with closing(Command("--function", "hello", "--verify-signatures")) as command:
        assert invoked(command.ready, named[1], named[2]) == 200
        assert invoked(command.ready, named[1], "another") == 403


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_story_has_a_line_to_paste_for_every_way_in() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, "--with-parent", "--port", "0", "--function", "primes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].rstrip().endswith("# step-functions"):
            lines.append(process.stdout.readline())
        story = "".join(lines)
        curls = [line for line in lines if line.startswith("curl")]
        answers = [_ran(line) for line in curls]
        process.terminate()
    assert "aws lambda invoke --endpoint-url http://127.0.0.1:" in story
    assert all(f"# {kind}" in story for kind in DOORS)
    assert len(answers) == 1 + len(DOORS)
    assert all("2262" in answer for answer in answers), answers


def _ran(line: str) -> str:
    command = f"{line.partition('  #')[0].strip()} --silent --noproxy '*'"
    return subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout


def test_options_reach_the_function(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import os\ndef go(event, context): return [os.environ['AB'], os.environ['AWS_REGION']]\n"
    )
    arguments = ("--function", f"f={tmp_path}", "--handler", "own.go", "--env", "AB=b=c")
    with closing(Command(*arguments, "--doors", "none")) as command:
        url = f"{command.ready['invoke_url']}/2015-03-31/functions/f/invocations"
        with httpx.Client(trust_env=False, headers=AUTHORIZATION, timeout=PATIENCE_S) as http:
            assert http.post(url).json() == ["b=c", "us-east-1"]


def test_a_shell_gets_what_it_needs_to_call_it() -> None:
    with closing(Command("--function", "hello", "--doors", "none")) as command:
        port = command.ready["invoke_url"].rpartition(":")[2]
        printed = CliRunner().invoke(local, ["--port", port, "--env"])
        quoted = f"{printed.output}\necho $AWS_ENDPOINT_URL_LAMBDA $AWS_REGION"
        shell = subprocess.run(["sh", "-c", quoted], capture_output=True, text=True, check=True)
    assert shell.stdout.split() == [f"http://127.0.0.1:{port}", "us-east-1"]
    assert "start `lamload local`" in str(refused("--port", port, "--env"))
    assert "stands alone" in str(refused("--env", "AB=1", "--env"))


def test_a_bad_folder_refuses_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "index.js").write_text("exports.handler = 1")
    functions = ("--function", "hello", "--function", "/no/folder", "--function", f"x={tmp_path}")
    variables = ("--function", f"y={tmp_path},runtime=nodejs22.x,handler=a.b,env.AWS_REGION=x")
    with closing(Command(*functions, *variables, "--doors", "none")) as command:
        served = {function["name"] for function in command.ready["functions"]}
        refused = command.ready["refused"]
    assert "hello" in served
    assert not served & {"folder", "y"}
    assert "there is no folder /no/folder" in refused[0]
    assert refused[-1].startswith("function y: ")


@pytest.mark.parametrize(
    "content",
    [
        ("faults.toml", '[[faults]]\nkind = "error"\nstatus = 504\n'),
        ("faults.json", '[{"kind": "error", "status": 504}]'),
    ],
)
def test_faults_come_from_a_file(tmp_path: Path, content: tuple[str, str]) -> None:
    name, text = content
    (tmp_path / name).write_text(text)
    arguments = ("--function", "hello", "--doors", "invoke", "--faults", str(tmp_path / name))
    with closing(Command(*arguments)) as command:
        url = f"{command.ready['invoke_url']}/2015-03-31/functions/hello/invocations"
        with httpx.Client(trust_env=False, headers=AUTHORIZATION, timeout=PATIENCE_S) as http:
            assert http.post(url).status_code == 504


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        (("--function", "nobody"), UsageError, "no folder nobody"),
        (("--function", "hello", "--function", "hello"), UsageError, "same name: hello, hello"),
        (("--memory", "128,big"), UsageError, "sizes in MB such as 128,512,1769"),
        (("--memory", "64"), UsageError, "from 128 to 10240 MB"),
        (("--timeout", "1000"), UsageError, "at most 900 s"),
        (("--doors", "alb,window"), UsageError, "there is no window"),
        (("--env", "A"), UsageError, "KEY=VALUE"),
        (("--faults-json", "{"), UsageError, "--faults-json:"),
        (("--faults", "/no/such/file.toml"), UsageError, "No such file"),
        (("--faults-json", '[{"kind": "no"}]'), ProfileError, "faults[0].kind"),
        (("--function", "a b=hello"), UsageError, "a name has 1 to 64 letters"),
        (("--function", "hello", "--reserved-concurrency", "950"), UsageError, "minimum value"),
        (
            ("--function", "hello", "--runtime", "java21"),
            UsageError,
            "runtime java21 is not one of",
        ),
        (
            ("--function", "hello", "--runtime", "provided.al2"),
            UsageError,
            "no handler that can be guessed",
        ),
        (("--function", "hello", "--env", "A=1"), UsageError, "[a-zA-Z]([a-zA-Z0-9_])+"),
        (("--function", "hello", "--env", "AWS_REGION=x"), UsageError, "reserved keys"),
        (("--function", "hello,memory=9"), UsageError, "from 128 to 10240 MB"),
        (("--function", "hello,memry=9"), UsageError, "may stand handler, runtime, memory"),
    ],
)
def test_mistakes_are_refused_before_anything_is_served(
    arguments: tuple[str, ...], kind: type[Exception], text: str
) -> None:
    error = refused("--json", *arguments)
    assert isinstance(error, kind)
    assert text in str(error)


def test_a_port_that_is_taken_is_told() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        error = refused("--json", "--port", str(port))
    assert isinstance(error, TargetError)
    assert f"port {port} of 127.0.0.1 is taken" in str(error)


def test_the_stats_are_what_happened() -> None:
    with closing(Command("--function", "sleeper", "--doors", "none")) as command:
        url = f"{command.ready['invoke_url']}/2015-03-31/functions/sleeper/invocations"
        with httpx.Client(trust_env=False, headers=AUTHORIZATION, timeout=PATIENCE_S) as http:
            for _ in range(3):
                http.post(url, params={"Qualifier": "128MB"}, content=b'{"ms": 20}')
            stats: dict[str, Any] = http.get(f"{command.ready['control_url']}/stats").json()
    (function,) = stats["functions"]
    expected = {
        "function": "sleeper",
        "qualifier": "128MB",
        "version": "1",
        "memory_mb": 128,
        "sandboxes": 1,
        "concurrency": 0,
        "invocations": 3,
        "running": 0,
        "outcomes": {"ok": 3},
        "cold_starts": 1,
    }
    assert {key: function[key] for key in expected} == expected
    assert function["duration"]["count"] == 3
    assert function["duration"]["p50_ms"] >= 20
    assert function["billed_ms"] >= 60
    assert stats["host"]["cpu_ms"] >= 0
    assert json.dumps(stats)
