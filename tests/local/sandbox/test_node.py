"""What our client for Node does as AWS's own: its source (aws-lambda-ric 3.3 and 4.0) says so."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bench.local.options import FunctionSource
from tests.local.serving import Invoked, serving

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")


def function(
    folder: Path, handler: str = "index.handler", runtime: str = "nodejs20.x", **files: str
) -> FunctionSource:
    """A folder with files; `__` in a name is a dot."""
    folder.mkdir()
    for name, code in files.items():
        (folder / name.replace("__", ".")).write_text(dedent(code))
    return FunctionSource(folder.name, folder, handler, runtime)


async def answers(folder: Path, codes: Mapping[str, str], **options: Any) -> dict[str, Invoked]:
    """The first answer of each handler in CommonJS, by name."""
    sources = [
        function(folder / name, index__js=f"exports.handler = {code}")
        for name, code in codes.items()
    ]
    async with serving(*sources, memory_mb=(1769,), **options) as local:
        invoked = await asyncio.gather(*(local.invoke(name) for name in codes))
    return dict(zip(codes, invoked, strict=True))


async def test_what_an_answer_is_depends_on_how_it_is_given(tmp_path: Path) -> None:
    codes = {
        "ignored": "() => 1",
        "awaited": "async () => 1",
        "thenable": "() => ({then: (resolve) => resolve(1)})",
        "nothing": "async () => {}",
        "never": "async () => { await new Promise(() => {}) }",
        "called": "(event, context, callback) => callback(null, 1)",
        "later": "(event, context, callback) => { setTimeout(() => callback(null, 1), 20) }",
        "first": "(event, context, callback) => { callback(null, 1); callback(null, 2); }",
        "done": "(event, context) => context.done(null, 1)",
        "succeed": "(event, context) => context.succeed(1)",
    }
    found = await answers(tmp_path, codes)
    assert {name: invoked.payload for name, invoked in found.items()} == {
        "ignored": None,
        "awaited": 1,
        "thenable": 1,
        "nothing": None,
        "never": None,
        "called": 1,
        "later": 1,
        "first": 1,
        "done": 1,
        "succeed": 1,
    }


async def test_a_callback_waits_for_an_empty_event_loop_unless_told_not_to(tmp_path: Path) -> None:
    code = """(event, context, callback) => {{
        context.callbackWaitsForEmptyEventLoop = {waits};
        callback(null, 1);
        setTimeout(() => console.log("left"), {delay});
    }}"""
    found = await answers(
        tmp_path,
        {
            "waits": code.format(waits="true", delay=50),
            "not": code.format(waits="false", delay=9e4),
        },
        timeout_s=20,
    )
    assert [invoked.payload for invoked in found.values()] == [1, 1]
    assert "left" in found["waits"].log
    assert found["waits"].reported_ms("Duration") > 45
    assert found["not"].reported_ms("Duration") < 10_000


async def test_errors_keep_their_type_wherever_they_are_thrown(tmp_path: Path) -> None:
    codes = {
        "sync": "() => { throw new TypeError('x') }",
        "rejected": "async () => { throw new TypeError('x') }",
        "reason": "() => Promise.reject('x')",
        "called": "(event, context, callback) => callback(new TypeError('x'))",
        "failed": "(event, context) => context.fail()",
        "circular": "async () => { const a = {}; a.a = a; return a; }",
        "thrown": "async () => { setTimeout(() => { throw new RangeError('boom') }, 5); "
        "await new Promise((resolve) => setTimeout(resolve, 90000)) }",
        "during": "async () => { (async () => { throw new Error('late') })(); "
        "await new Promise((resolve) => setTimeout(resolve, 200)); return 1; }",
    }
    found = await answers(tmp_path, codes)
    assert all(invoked.error == "Unhandled" for invoked in found.values())
    payloads = {name: invoked.payload for name, invoked in found.items()}
    assert {name: (each["errorType"], each["errorMessage"]) for name, each in payloads.items()} == {
        "sync": ("TypeError", "x"),
        "rejected": ("TypeError", "x"),
        "reason": ("string", "x"),
        "called": ("TypeError", "x"),
        "failed": ("string", "handled"),
        "circular": ("Error", "Unable to stringify response body"),
        "thrown": ("RangeError", "boom"),
        "during": ("Runtime.UnhandledPromiseRejection", "Error: late"),
    }
    assert payloads["rejected"]["trace"][0] == "TypeError: x"
    assert "\tERROR\tInvoke Error \t{" in found["rejected"].log
    assert "\tERROR\tUncaught Exception \t{" in found["thrown"].log


async def test_an_environment_ends_after_what_nobody_caught(tmp_path: Path) -> None:
    code = """
        let calls = 0;
        export const handler = async (event) => {
            calls += 1;
            if (event.fall) Promise.reject(new Error("late"));
            return calls;
        };
    """
    async with serving(function(tmp_path / "f", index__mjs=code)) as local:
        before = [(await local.invoke("f")).payload for _ in range(2)]
        answered = await local.invoke("f", {"fall": True})
        after = await local.invoke("f")
    assert before == [1, 2]
    assert (answered.error, answered.payload) == (None, 3), "an answer that was given stands"
    assert after.payload == 1


async def test_from_24_on_there_are_no_callbacks_and_results_count(tmp_path: Path) -> None:
    sources = [
        function(tmp_path / name, runtime="nodejs24.x", index__js=f"exports.handler = {code}")
        for name, code in {"sync": "() => 1", "called": "(event, context, callback) => {}"}.items()
    ]
    async with serving(*sources) as local:
        sync, called = await local.invoke("sync"), await local.invoke("called")
    assert sync.payload == 1
    assert called.payload["errorType"] == "Runtime.CallbackHandlerDeprecated"


HANDLERS = [
    ("index.api.get", {"index__js": "exports.api = {get: async () => 1}"}),
    ("index.default.go", {"index__mjs": "export default {go: async () => 1}"}),
    ("lib/index.a.b.c", {"lib/index__js": "exports.a = {b: {c: async () => 1}}"}),
    ("node.handler", {"node__cjs": "exports.handler = async () => 1"}),
    (
        "index.handler",
        {
            "package__json": '{"type": "module"}',
            "index__js": "export const handler = async () => 1",
        },
    ),
    ("own.handler", {"node_modules/own/index__js": "exports.handler = async () => 1"}),
    ("wait.handler", {"wait__mjs": "await null; export const handler = async () => 1"}),
]


async def test_handlers_are_found_further_down_folders_and_exports(tmp_path: Path) -> None:
    sources = []
    for number, (handler, files) in enumerate(HANDLERS):
        folder = tmp_path / f"f{number}"
        for name, code in files.items():
            path = folder / name.replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code)
        sources.append(FunctionSource(folder.name, folder, handler, "nodejs20.x"))
    async with serving(*sources) as local:
        found = await asyncio.gather(*(local.invoke(source.name) for source in sources))
    assert {source.handler: each.payload for source, each in zip(sources, found, strict=True)} == {
        handler: 1 for handler, _ in HANDLERS
    }


async def test_a_handler_that_is_not_there_is_an_error_of_init(tmp_path: Path) -> None:
    source = function(tmp_path / "f", index__js="exports.handler = 1; require")
    wrong = {
        "none.handler": ("Runtime.ImportModuleError", "Error: Cannot find module 'none'"),
        "index.other": ("Runtime.HandlerNotFound", "index.other is undefined or not exported"),
        "index.handler": ("Runtime.HandlerNotFound", "index.handler is not a function"),
        "index": ("Runtime.MalformedHandlerName", "Bad handler"),
        "../x.handler": ("Runtime.MalformedHandlerName", "'../x.handler' is not a valid"),
    }
    sources = [replace(source, name=f"f{at}", handler=handler) for at, handler in enumerate(wrong)]
    async with serving(*sources) as local:
        found = await asyncio.gather(*(local.invoke(each.name) for each in sources))
    for invoked, (error_type, message) in zip(found, wrong.values(), strict=True):
        assert invoked.payload["errorType"] == error_type
        assert invoked.payload["errorMessage"].startswith(message)
        assert f"Error Type: {error_type}" in invoked.report


async def test_console_writes_time_request_and_level(tmp_path: Path) -> None:
    code = """async () => {
        console.log("said %d", 1); console.warn("warned"); console.error(new TypeError("x"));
        console.debug({a: 1});
    }"""
    text = (await answers(tmp_path, {"f": code}))["f"]
    request_id = text.response.headers["x-amzn-RequestId"]
    lines = [line.split("\t", 1)[1] for line in text.log.splitlines() if line[:2] == "20"]
    assert lines[:3] == [
        f"{request_id}\tINFO\tsaid 1",
        f"{request_id}\tWARN\twarned",
        f"{request_id}\tERROR\tTypeError: x",
    ]
    assert lines[-1] == f"{request_id}\tDEBUG\t{{ a: 1 }}"


async def test_console_writes_json_where_the_log_is_json(tmp_path: Path) -> None:
    code = "async () => { console.log('said %d', 1); console.warn({a: 1}); }"
    found = (await answers(tmp_path, {"f": code}, log_format="JSON"))["f"]
    assert '"level":"INFO","requestId":"' in found.log
    assert '"message":"said 1"}' in found.log
    assert '"message":{"a":1}}' in found.log


async def test_a_stream_takes_pipelines_objects_and_errors_before_its_first_byte(
    tmp_path: Path,
) -> None:
    code = """
        import { Readable } from "node:stream";
        import { pipeline } from "node:stream/promises";
        export const handler = awslambda.streamifyResponse(async (event, stream) => {
            if (event.fail) throw new TypeError("at once");
            if (event.late) {
                stream.write("x");
                setTimeout(() => { throw new RangeError("boom") }, 5);
                await new Promise(() => {});
            }
            stream.write({a: 1});
            await pipeline(Readable.from(["a".repeat(100000), "b"]), stream);
        });
    """
    async with serving(function(tmp_path / "f", index__mjs=code)) as local:
        whole = await local.invoke("f")
        broken = await local.invoke("f", {"fail": True})
        fallen = await local.invoke("f", {"late": True})
    assert whole.response.text == '{"a":1}' + "a" * 100_000 + "b"
    assert (broken.error, broken.payload["errorMessage"]) == ("Unhandled", "at once")
    assert (fallen.error, fallen.payload["errorType"]) == ("Unhandled", "RangeError")
