"""What a caller notices of sandboxes: init, state, failures, limits, what a handler can see."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from pathlib import Path

import httpx
import pytest

from bench.local.account.urls import create_url
from bench.local.options import FunctionSource
from bench.local.sandbox import runtime
from bench.local.sources import function_source
from tests.local.serving import bootstrap_function, ended, python_function, serving

ECHO = "def handler(event, context): return event"


async def test_the_first_invocation_is_cold_and_the_second_is_not(tmp_path: Path) -> None:
    async with serving(python_function(tmp_path, ECHO), memory_mb=(1769,)) as local:
        first, second = await local.invoke("f", {"a": 1}), await local.invoke("f", {"a": 2})
    assert (first.payload, second.payload) == ({"a": 1}, {"a": 2})
    assert first.reported_ms("Init Duration") > 0
    assert "Init Duration" not in second.report
    billed = first.reported_ms("Billed Duration")
    exact = first.reported_ms("Duration") + first.reported_ms("Init Duration")
    assert exact <= billed < exact + 1


async def test_init_runs_once_per_sandbox_and_its_state_stays(tmp_path: Path) -> None:
    code = """
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            return calls
    """
    async with serving(python_function(tmp_path, code)) as local:
        assert [(await local.invoke("f")).payload for _ in range(3)] == [1, 2, 3]


async def test_a_sandbox_serves_one_invocation_at_a_time(tmp_path: Path) -> None:
    code = """
        import os, time
        def handler(event, context):
            time.sleep(0.2)
            return os.getpid()
    """
    async with serving(python_function(tmp_path, code), memory_mb=(1769,)) as local:
        together = await asyncio.gather(*(local.invoke("f") for _ in range(3)))
        after = await local.invoke("f")
    pids = {invoked.payload for invoked in together}
    assert len(pids) == 3
    assert after.payload in pids


async def test_a_handler_that_raises_is_a_function_error_with_its_trace(tmp_path: Path) -> None:
    code = """
        def handler(event, context):
            print("about to fail")
            raise ValueError("no such thing")
    """
    async with serving(python_function(tmp_path, code)) as local:
        invoked = await local.invoke("f")
        again = await local.invoke("f")
    assert invoked.response.status_code == 200
    assert invoked.error == "Unhandled"
    assert invoked.payload["errorType"] == "ValueError"
    assert invoked.payload["errorMessage"] == "no such thing"
    assert invoked.payload["requestId"] == invoked.response.headers["x-amzn-RequestId"]
    assert "handler.py" in invoked.payload["stackTrace"][0]
    assert "about to fail\n[ERROR] ValueError: no such thing\nTraceback" in invoked.log
    assert "Init Duration" not in again.report, "the sandbox goes on"


async def test_a_timeout_kills_the_process_and_tmp_survives(tmp_path: Path) -> None:
    code = """
        import os, pathlib, time
        note = pathlib.Path("/tmp/note") if os.environ["TMPDIR"] == "/tmp" else (
            pathlib.Path(os.environ["TMPDIR"], "note"))
        def handler(event, context):
            if event.get("hang"):
                note.write_text(str(os.getpid()))
                time.sleep(60)
            return [note.exists() and note.read_text(), str(os.getpid())]
    """
    async with serving(python_function(tmp_path, code), timeout_s=0.5) as local:
        hung = await local.invoke("f", {"hang": True})
        after = await local.invoke("f")
    request_id = hung.response.headers["x-amzn-RequestId"]
    assert hung.error == "Unhandled"
    assert hung.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 0.50 seconds",
    }
    assert hung.reported_ms("Duration") == 500.0
    assert hung.report.rstrip().endswith("Status: timeout")
    assert f"{request_id} Task timed out after 0.50 seconds" in hung.log
    written, pid = after.payload
    assert written and written != pid, "a new process in the same sandbox"
    assert "Init Duration" in after.report


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os._exit(127)", "Runtime exited with error: exit status 127"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
    ],
)
async def test_a_process_that_ends_is_an_exit_error(
    tmp_path: Path, code: str, message: str
) -> None:
    source = python_function(tmp_path, f"import os\ndef handler(event, context): {code}")
    async with serving(source) as local:
        invoked = await local.invoke("f")
    request_id = invoked.response.headers["x-amzn-RequestId"]
    assert invoked.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: {message}",
    }
    assert "Status: error\tError Type: Runtime.ExitError" in invoked.report


async def test_a_timeout_counts_held_time(tmp_path: Path) -> None:
    code = """
        import time
        def handler(event, context):
            end = time.process_time() + 0.1
            while time.process_time() < end:
                pass
    """
    async with serving(python_function(tmp_path, code), memory_mb=(128,), timeout_s=0.6) as local:
        invoked = await local.invoke("f")
    assert invoked.payload["errorType"] == "Sandbox.Timedout"
    assert invoked.reported_ms("Duration") == 600.0


async def test_duration_is_in_proportion_to_memory(tmp_path: Path) -> None:
    code = """
        import time
        def handler(event, context):
            begin = time.process_time()
            while time.process_time() < begin + 0.05:
                pass
            return (time.process_time() - begin) * 1000
    """
    async with serving(python_function(tmp_path, code), memory_mb=(128, 256)) as local:
        for size_mb in (128, 256):
            invoked = await local.invoke("f", {}, f"{size_mb}MB")
            wanted_ms = invoked.payload * 1769 / size_mb
            seen_ms = invoked.response.elapsed.total_seconds() * 1000
            assert wanted_ms < invoked.reported_ms("Duration") < seen_ms


async def test_too_much_memory_is_out_of_memory(tmp_path: Path) -> None:
    code = """
        import time
        def handler(event, context):
            block = bytearray(event["mb"] << 20)
            block[::4096] = b"x" * len(block[::4096])
            time.sleep(event.get("s", 0))
            return "fits"
    """
    async with serving(python_function(tmp_path, code), memory_mb=(128,)) as local:
        assert (await local.invoke("f", {"mb": 64})).payload == "fits"
        at_once = await local.invoke("f", {"mb": 300})
        slowly = await local.invoke("f", {"mb": 300, "s": 20})
    for invoked in (at_once, slowly):
        assert invoked.payload["errorType"] == "Runtime.ExitError"
        assert invoked.payload["errorMessage"].endswith("exited with error: signal: killed")
        assert "Max Memory Used: 128 MB" in invoked.report
        assert "Status: error\tError Type: Runtime.OutOfMemory" in invoked.report
    assert slowly.reported_ms("Duration") < 10_000


async def test_memory_of_child_processes_counts(tmp_path: Path) -> None:
    code = """
        import subprocess, sys
        def handler(event, context):
            grow = "b = bytearray(300 << 20); b[::4096] = b'x' * len(b[::4096])"
            hold = "import time; time.sleep(20)"
            return subprocess.call([sys.executable, "-c", f"{grow}; {hold}"])
    """
    async with serving(python_function(tmp_path, code)) as local:
        invoked = await local.invoke("f")
    assert "Error Type: Runtime.OutOfMemory" in invoked.report


@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        ("import not_there", "Runtime.ImportModuleError"),
        ("def other(event, context): pass", "Runtime.HandlerNotFound"),
        ("raise KeyError('at import')", "KeyError"),
        ("def handler(event, context) return", "Runtime.UserCodeSyntaxError"),
    ],
)
async def test_a_failing_init_is_tried_twice_and_told(
    tmp_path: Path, code: str, error_type: str
) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "handler.py").write_text(f"print('importing')\n{code}\n")

    async with serving(function_source(f"f={tmp_path / 'f'}", "handler.handler")) as local:
        invoked = await local.invoke("f")
    assert invoked.error == "Unhandled"
    assert invoked.payload["errorType"] == error_type
    assert invoked.payload.get("requestId", "") == ""
    assert invoked.log.count("INIT_REPORT Init Duration:") == 2
    assert "Phase: init\tStatus: error" in invoked.log
    assert "Phase: invoke\tStatus: error" in invoked.log
    assert f"Error Type: {error_type}" in invoked.report


async def test_an_init_that_needs_long_goes_on_the_invocation(tmp_path: Path) -> None:
    code = """
        import os, time
        time.sleep(60)
        def handler(event, context): return 1
    """
    async with serving(python_function(tmp_path, code), timeout_s=0.3, init_limit_s=0.3) as local:
        invoked = await local.invoke("f")
    assert invoked.payload["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 0.30 seconds" in invoked.payload["errorMessage"]
    assert "Phase: init\tStatus: timeout" in invoked.log
    assert "Status: timeout" in invoked.report


async def test_an_answer_of_exactly_the_limit_passes_and_one_byte_more_does_not(
    tmp_path: Path,
) -> None:
    source = python_function(tmp_path, "def handler(event, context): return 'x' * event['n']")
    async with serving(source, memory_mb=(512,)) as local:
        most = await local.invoke("f", {"n": 6_291_556 - 2})
        more = await local.invoke("f", {"n": 6_291_556 - 1})
        after = await local.invoke("f", {"n": 1})
    assert len(most.response.content) == 6_291_556
    assert more.error == "Unhandled"
    assert more.payload == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    assert after.payload == "x"


async def test_a_handler_sees_lambdas_environment_and_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ours alone")
    monkeypatch.setenv("SOMETHING_OF_OURS", "1")
    code = """
        import os
        def handler(event, context):
            return {
                "environment": dict(os.environ),
                "descriptors": sorted(os.listdir("/proc/self/fd")),
                "cwd": os.getcwd(),
                "group": os.getpgid(0) == os.getpid(),
                "home": os.path.expanduser("~"),
                "function_arn": context.invoked_function_arn,
                "memory": context.memory_limit_in_mb,
                "left_ms": context.get_remaining_time_in_millis(),
            }
    """
    source = python_function(tmp_path, code)
    async with serving(
        source, memory_mb=(256,), timeout_s=7, environment={"GREETING": "hello"}
    ) as local:
        seen = (await local.invoke("f", qualifier="256MB")).payload
    environment = seen["environment"]
    assert "ours alone" not in environment.values()
    assert "SOMETHING_OF_OURS" not in environment
    assert environment["GREETING"] == "hello"
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA"), "dummies"
    assert environment["AWS_SESSION_TOKEN"]
    assert environment["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_python3.")
    assert environment["_X_AMZN_TRACE_ID"].endswith(";Sampled=0")
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert environment["AWS_LAMBDA_FUNCTION_VERSION"] == "1"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["LAMBDA_TASK_ROOT"] == str(source.folder)
    assert environment["_HANDLER"] == "handler.handler"
    assert seen["cwd"] == str(source.folder)
    assert seen["group"]
    assert seen["home"] != str(Path.home())
    assert seen["function_arn"] == "arn:aws:lambda:us-east-1:123456789012:function:f:256MB"
    assert seen["memory"] == "256"
    assert 5_000 < seen["left_ms"] <= 7_000


async def test_a_functions_variables_add_to_lambdas_and_do_not_replace_them(
    tmp_path: Path,
) -> None:
    code = """
        import os
        def handler(event, context):
            return [os.environ[name] for name in ("AWS_REGION", "LANG", "_HANDLER", "PYTHONPATH")]
    """
    given = {"LANG": "C", "PYTHONPATH": "/opt/python"}
    source = python_function(tmp_path, code)
    async with serving(source, environment=given) as local:
        region, lang, handler, path = (await local.invoke("f")).payload
    assert (region, lang, handler) == ("us-east-1", "C", "handler.handler")
    assert path.startswith(str(source.folder))
    assert path.endswith(":/opt/python")


async def test_descriptors_of_ours_are_not_inherited(tmp_path: Path) -> None:
    code = """
        import os
        def handler(event, context):
            links = []
            for fd in os.listdir("/proc/self/fd"):
                try:
                    links.append(os.readlink(f"/proc/self/fd/{fd}"))
                except OSError:  # the listing's own
                    pass
            usual = ("/proc", "socket:", "/dev/null", "anon_inode:", "pipe:")
            return [link for link in links if not link.startswith(usual)]
    """
    held = (tmp_path / "held").open("w")
    os.set_inheritable(held.fileno(), True)
    with held:
        async with serving(python_function(tmp_path, code)) as local:
            links = (await local.invoke("f")).payload
    assert links, "stdout and stderr are the log"
    assert all(Path(link).name == "log" for link in links)


async def test_the_users_credentials_file_looks_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "credentials").write_text("[default]")
    monkeypatch.setenv("HOME", str(home))
    runtime.credential_folders.cache_clear()
    code = f"""
        import os
        def handler(event, context):
            return [os.path.exists(p) for p in ({str(home / ".aws/credentials")!r},
                                                os.path.expanduser("~/.aws/credentials"))]
    """
    try:
        async with serving(python_function(tmp_path, code)) as local:
            private_tmp = local.server.spawner.private_tmp
            seen = (await local.invoke("f")).payload
    finally:
        runtime.credential_folders.cache_clear()
    assert seen == [not private_tmp, False]


async def test_two_sandboxes_have_two_temporary_folders(tmp_path: Path) -> None:
    code = """
        import os, tempfile, time
        def handler(event, context):
            open(os.path.join(tempfile.gettempdir(), "mine"), "x").close()
            time.sleep(0.3)
            return True
    """
    async with serving(python_function(tmp_path, code), memory_mb=(1769,)) as local:
        both = await asyncio.gather(local.invoke("f"), local.invoke("f"))
    assert [invoked.payload for invoked in both] == [True, True]
    assert not (Path("/tmp") / "mine").exists()


async def test_tmp_holds_as_much_as_it_may_and_keeps_it_through_a_crash(tmp_path: Path) -> None:
    code = """
        import os, pathlib
        place = pathlib.Path(os.environ["TMPDIR"], "filling")
        def handler(event, context):
            if event.get("crash"):
                os._exit(1)
            before = place.stat().st_size if place.exists() else 0
            try:
                with place.open("ab") as file:
                    for _ in range(event.get("mb", 0)):
                        file.write(bytes(2**20))
                        file.flush()
            except OSError as error:
                return [before >> 20, error.strerror]
            return [before >> 20, None]
    """
    async with serving(python_function(tmp_path, code), memory_mb=(3008,)) as local:
        if not local.server.spawner.private_tmp:
            pytest.skip("this host allows no mount namespaces")
        first = await local.invoke("f", {"mb": 500})
        await local.invoke("f", {"crash": True})
        second = await local.invoke("f", {"mb": 20})
    assert first.payload == [0, None]
    assert second.payload == [500, "No space left on device"]


async def test_idle_sandboxes_end(tmp_path: Path) -> None:
    source = python_function(tmp_path, "import os\ndef handler(event, context): return os.getpid()")
    async with serving(source, idle_s=0.1) as local:
        await ended((await local.invoke("f")).payload)
        assert "Init Duration" in (await local.invoke("f")).report


async def test_strays_of_a_handler_die_with_their_sandbox(tmp_path: Path) -> None:
    code = """
        import os, subprocess, sys, time
        def handler(event, context):
            code = "import time; time.sleep(600)"
            child = subprocess.Popen([sys.executable, "-S", "-c", code], start_new_session=True)
            print("stray", child.pid)
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    print("stray", os.getpid())
                    time.sleep(600)
                os._exit(0)
            os.wait()
            time.sleep(600)
    """
    async with serving(python_function(tmp_path, code), timeout_s=0.5) as local:
        invoked = await local.invoke("f")
        assert invoked.payload["errorType"] == "Sandbox.Timedout"
        strays = re.findall(r"stray (\d+)", invoked.log)
        assert len(strays) == 2
        for pid in strays:
            await ended(int(pid))


async def test_any_executable_that_speaks_the_runtime_api_is_a_function(tmp_path: Path) -> None:
    code = """
        #!/usr/bin/env python3
        import json, os, urllib.request
        api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
        while True:
            with urllib.request.urlopen(f"{api}/next") as answer:
                request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
                event = json.load(answer)
                context = answer.headers["Lambda-Runtime-Client-Context"]
            if event.get("fail"):
                body = json.dumps({"errorMessage": "asked to", "errorType": "Asked"}).encode()
                urllib.request.urlopen(f"{api}/{request_id}/error", body)
            else:
                body = json.dumps({"event": event, "context": json.loads(context or "null")})
                urllib.request.urlopen(f"{api}/{request_id}/response", body.encode())
    """
    import base64

    context = base64.b64encode(json.dumps({"custom": {"a": "ä"}}, indent=1).encode()).decode()
    async with serving(bootstrap_function(tmp_path, code)) as local:
        answered = await local.invoke("f", {"n": 1}, headers={"X-Amz-Client-Context": context})
        failed = await local.invoke("f", {"fail": True})
    assert answered.payload == {"event": {"n": 1}, "context": {"custom": {"a": "ä"}}}
    assert failed.error == "Unhandled"
    assert failed.payload == {"errorMessage": "asked to", "errorType": "Asked"}


async def test_python_runs_without_awslambdarics_native_part_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "_extra_paths", lambda: (str(runtime.PORTABLE),))
    code = """
        import sys
        def handler(event, context):
            if event.get("fail"):
                raise ValueError("ä, b")
            return [event, "portable" in sys.modules["runtime_client"].__file__]
    """
    async with serving(python_function(tmp_path, code)) as local:
        answered = await local.invoke("f", {"a": "ä"})
        failed = await local.invoke("f", {"fail": True})
        again = await local.invoke("f")
    assert answered.payload == [{"a": "ä"}, True]
    assert failed.payload["errorType"] == "ValueError"
    assert "Init Duration" not in again.report


async def test_a_function_without_anything_to_start_says_so(tmp_path: Path) -> None:
    source = bootstrap_function(tmp_path, "#!/bin/sh\n")
    async with serving(source) as local:
        (source.folder / "bootstrap").unlink()
        invoked = await local.invoke("f")
    assert invoked.payload["errorType"] == "Runtime.InvalidEntrypoint"
    assert "Couldn't find valid bootstrap(s)" in invoked.payload["errorMessage"]


node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")


def node_function(folder: Path, code: str, file: str = "index.mjs") -> FunctionSource:
    place = folder / "f"
    place.mkdir()
    (place / file).write_text(code)
    return function_source(f"f={place}")


@node
@pytest.mark.parametrize(
    ("file", "code"),
    [
        (
            "index.mjs",
            "export const handler = async (event, context) => ({event, ...own(context)});",
        ),
        (
            "index.js",
            "exports.handler = (event, context, done) => done(null, {event, ...own(context)});",
        ),
    ],
)
async def test_a_node_handler(tmp_path: Path, file: str, code: str) -> None:
    own = "const own = (c) => ({memory: c.memoryLimitInMB, arn: c.invokedFunctionArn});\n"
    async with serving(node_function(tmp_path, own + code, file), memory_mb=(256,)) as local:
        invoked = await local.invoke("f", {"a": "ä"}, "256MB")
        again = await local.invoke("f", {}, "256MB")
    assert invoked.payload == {
        "event": {"a": "ä"},
        "memory": "256",
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:f:256MB",
    }
    assert "Init Duration" not in again.report


@node
async def test_a_node_handlers_errors(tmp_path: Path) -> None:
    code = """
        export const handler = async (event) => {
            if (event.exit) process.exit(3);
            throw new TypeError("no such thing");
        };
    """
    async with serving(node_function(tmp_path, code)) as local:
        raised = await local.invoke("f")
        gone = await local.invoke("f", {"exit": True})
    assert raised.error == "Unhandled"
    assert (raised.payload["errorType"], raised.payload["errorMessage"]) == (
        "TypeError",
        "no such thing",
    )
    assert "exit status 3" in gone.payload["errorMessage"]


@node
@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        ("export const other = 1;", "Runtime.HandlerNotFound"),
        ("export const handler = (;", "Runtime.UserCodeSyntaxError"),
        ("throw new RangeError('at import')", "RangeError"),
    ],
)
async def test_a_node_init_that_fails(tmp_path: Path, code: str, error_type: str) -> None:
    async with serving(node_function(tmp_path, code)) as local:
        invoked = await local.invoke("f")
    assert invoked.payload["errorType"] == error_type
    assert f"Error Type: {error_type}" in invoked.report


@node
async def test_a_node_handler_that_streams(tmp_path: Path) -> None:
    code = """
        export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
            stream.setContentType("text/plain");
            stream.write("one ");
            if (event.fail) throw new TypeError("half way");
            stream.write("two");
            stream.end();
        });
    """
    async with serving(node_function(tmp_path, code)) as local:
        whole = await local.invoke("f")
        broken = await local.invoke("f", {"fail": True})
    assert whole.response.text == "one two"
    assert broken.error == "Unhandled"
    assert broken.payload["errorMessage"] == "half way"


LEAVING = """
    #!/usr/bin/env python3
    import http.client, os, sys
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    {then}
"""


async def test_a_runtime_that_never_takes_its_work_is_an_exit_error(tmp_path: Path) -> None:
    code = LEAVING.format(then="os._exit(9)")
    async with serving(bootstrap_function(tmp_path, code)) as local:
        several = await asyncio.gather(*(local.invoke("f") for _ in range(5)))
        again = await local.invoke("f")
    for invoked in (*several, again):
        assert invoked.payload["errorType"] == "Runtime.ExitError"
        assert invoked.payload["errorMessage"].endswith("exit status 9")


async def test_a_runtime_that_hangs_up_may_poll_again(tmp_path: Path) -> None:
    code = """
        #!/usr/bin/env python3
        import http.client, os, socket, urllib.request
        host = os.environ["AWS_LAMBDA_RUNTIME_API"]
        impatient = http.client.HTTPConnection(host)
        impatient.request("GET", "/2018-06-01/runtime/invocation/next")
        impatient.close()
        api = f"http://{host}/2018-06-01/runtime/invocation"
        while True:
            with urllib.request.urlopen(f"{api}/next") as answer:
                request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
            urllib.request.urlopen(f"{api}/{request_id}/response", b'"done"')
    """
    async with serving(bootstrap_function(tmp_path, code), timeout_s=5) as local:
        assert (await local.invoke("f")).payload == "done"
        assert (await local.invoke("f")).payload == "done"


async def test_a_runtime_that_hangs_up_for_good_times_out(tmp_path: Path) -> None:
    code = LEAVING.format(then="import time; time.sleep(0.1); connection.close(); time.sleep(60)")
    async with serving(bootstrap_function(tmp_path, code), timeout_s=0.5) as local:
        invoked = await local.invoke("f")
    assert invoked.payload["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 0.50 seconds" in invoked.payload["errorMessage"]


@node
async def test_a_streaming_function_url_has_the_status_and_headers_of_the_prelude(
    tmp_path: Path,
) -> None:
    code = """
        export const handler = awslambda.streamifyResponse(async (event, stream) => {
            const metadata = {statusCode: 201, headers: {"X-Own": event.rawPath}, cookies: ["a=b"]};
            const body = awslambda.HttpResponseStream.from(stream, metadata);
            body.write("one ");
            if (event.rawPath == "/break") throw new TypeError("half way");
            body.write("two");
            body.end();
        });
    """
    async with serving(node_function(tmp_path, code)) as local:
        made = create_url(local.server.store, "f", None, invoke_mode="RESPONSE_STREAM")
        url = f"{local.server.function_urls}/{made.url_id}"
        whole = await local.http.get(f"{url}/path")
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await local.http.get(f"{url}/break")
    assert (whole.status_code, whole.text) == (201, "one two")
    assert whole.headers["X-Own"] == "/path"
    assert whole.headers["Set-Cookie"] == "a=b"


async def test_a_streaming_function_url_of_a_function_that_does_not_stream() -> None:
    async with serving("hello") as local:
        made = create_url(local.server.store, "hello", None, invoke_mode="RESPONSE_STREAM")
        answer = await local.http.get(f"{local.server.function_urls}/{made.url_id}/")
    assert answer.status_code == 200
    assert answer.json()["statusCode"] == 200, "the output as it is, not as a proxy response"
