"""How a function's process is started: wrappers, odd folders, handlers in packages."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from pathlib import Path

import pytest

from bench.errors import TargetError, UsageError
from bench.local.sandbox.runtime import EXEC_WRAPPER
from bench.local.sources import function_source
from tests.local.serving import bootstrap_function, has_mounts, python_function, serving

ONE = "def handler(event, context): return 1"
FOLDERS = ["my fn", "api.v2", "env=dev/fn", "größe", "a:b", "n" * 80, "100%#?", "日本"]


def wrapper(folder: Path) -> str:
    path = folder / "wrap.sh"
    path.write_text('#!/bin/sh\nexport SEEN=$1\nexec "$@"\n')
    path.chmod(0o755)
    return str(path)


async def test_a_folder_of_any_name_is_a_function(tmp_path: Path) -> None:
    sources = []
    for name in FOLDERS:
        place = tmp_path / name
        place.mkdir(parents=True)
        (place / "handler.py").write_text(ONE)
        sources.append(function_source(str(place)))
    names = [source.name for source in sources]
    assert names == ["my-fn", "api-v2", "fn", "grosse", "a-b", "n" * 64, "100", "function"]
    async with serving(*sources, memory_mb=(1769,)) as local:
        found = await asyncio.gather(*(local.invoke(name) for name in names))
    assert [invoked.payload for invoked in found] == [1] * len(names)


@pytest.mark.parametrize(
    ("handler", "file"),
    [
        ("src.handlers.users.handler", "src/handlers/users.py"),
        ("src/handlers/users.handler", "src/handlers/users.py"),
        ("package.handler", "package/__init__.py"),
    ],
)
async def test_python_handlers_lie_in_packages(tmp_path: Path, handler: str, file: str) -> None:
    path = tmp_path / "f" / file
    path.parent.mkdir(parents=True)
    path.write_text(ONE)
    async with serving(function_source(str(tmp_path / "f"), handler)) as local:
        assert (await local.invoke("f")).payload == 1


async def test_a_wrapper_starts_managed_runtimes_with_their_command_line(tmp_path: Path) -> None:
    code = "import os\ndef handler(event, context): return os.environ.get('SEEN')"
    sources = [python_function(tmp_path, code, "py")]
    if shutil.which("node"):
        (tmp_path / "js").mkdir()
        code = "exports.handler = async () => process.env.SEEN ?? null"
        (tmp_path / "js" / "index.js").write_text(code)
        sources.append(function_source(str(tmp_path / "js")))
    variables = {EXEC_WRAPPER: wrapper(tmp_path)}
    async with serving(*sources, environment=variables) as local:
        found = [(await local.invoke(source.name)).payload for source in sources]
    assert all(Path(program).is_absolute() for program in found)
    assert "python" in found[0]


async def test_var_task_is_the_functions_folder_and_bootstraps_have_no_wrapper(
    tmp_path: Path,
) -> None:
    source = python_function(tmp_path, "import os\ndef handler(e, c): return 'SEEN' in os.environ")
    wrapper(source.folder)
    custom = bootstrap_function(
        tmp_path,
        """
        #!/usr/bin/env python3
        import os, urllib.request
        api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
        with urllib.request.urlopen(f"{api}/next") as answer:
            request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        urllib.request.urlopen(f"{api}/{request_id}/response", b'%d' % ("SEEN" in os.environ))
        """,
        "custom",
    )
    variables = {EXEC_WRAPPER: "/var/task/wrap.sh"}
    async with serving(source, custom, environment=variables) as local:
        assert (await local.invoke("f")).payload is True
        assert (await local.invoke("custom")).payload == 0


async def test_a_wrapper_that_cannot_start_is_refused_in_one_line(tmp_path: Path) -> None:
    source = python_function(tmp_path, ONE)
    with pytest.raises(TargetError, match=r"f: AWS_LAMBDA_EXEC_WRAPPER names /no/wrap, which does"):
        async with serving(source, environment={EXEC_WRAPPER: "/no/wrap"}):
            pass
    path = Path(wrapper(tmp_path))
    path.chmod(0o644)
    with pytest.raises(TargetError, match=r"wrap.sh, which is not executable: chmod \+x"):
        async with serving(source, environment={EXEC_WRAPPER: str(path)}):
            pass


async def test_a_wrapper_that_has_gone_is_an_invalid_entrypoint(tmp_path: Path) -> None:
    path = wrapper(tmp_path)
    source = python_function(tmp_path, ONE)
    async with serving(source, environment={EXEC_WRAPPER: path}) as local:
        Path(path).unlink()
        invoked = await local.invoke("f")
    assert invoked.payload["errorType"] == "Runtime.InvalidEntrypoint"
    assert invoked.payload["errorMessage"].endswith(f"fork/exec {path}: no such file or directory")


async def test_a_bootstrap_beside_a_python_handler_is_not_its_runtime(tmp_path: Path) -> None:
    source = python_function(tmp_path, ONE)
    (source.folder / "bootstrap").write_text("#!/bin/sh\nexit 1\n")
    (source.folder / "bootstrap").chmod(0o755)
    async with serving(source) as local:
        assert (await local.invoke("f")).payload == 1


async def test_functions_have_settings_of_their_own(tmp_path: Path) -> None:
    code = """
        import os
        def handler(event, context):
            return [context.memory_limit_in_mb, os.environ.get("OWN"), os.environ.get("ALL")]
    """
    place = python_function(tmp_path, code).folder
    (place / "other.py").write_text("def go(event, context): return context.memory_limit_in_mb")
    a = function_source(f"a={place},memory=256,512,env.OWN=x,y,timeout=2")
    b = function_source(f"b={place},handler=other.go")
    assert (a.memory_mb, a.timeout_s, a.environment) == ((256, 512), 2.0, {"OWN": "x,y"})
    async with serving(a, b, environment={"ALL": "1"}) as local:
        assert (await local.invoke("a", qualifier="512MB")).payload == ["512", "x,y", "1"]
        assert (await local.invoke("b")).payload == "128"


async def test_layers_lie_in_opt_the_last_one_on_top(tmp_path: Path) -> None:
    if not has_mounts():
        pytest.skip("this host allows no mount namespaces")
    first, second = tmp_path / "first", tmp_path / "second"
    for layer, version in ((first, 1), (second, 2)):
        (layer / "python").mkdir(parents=True)
        (layer / "python" / "shared.py").write_text(f"version = {version}")
        (layer / f"only{version}").touch()
    wrap = second / "wrap"
    wrap.write_text('#!/bin/sh\nexport SEEN=1\nexec "$@"\n')
    wrap.chmod(0o755)
    code = """
        import os, shared
        def handler(event, context):
            return [shared.version, os.environ.get("SEEN"), sorted(os.listdir("/opt"))]
    """
    place = python_function(tmp_path, code).folder
    both = function_source(
        f"both={place},layer={first},layer={second},env.{EXEC_WRAPPER}=/opt/wrap"
    )
    async with serving(both, function_source(f"one={place}"), layers=(first,)) as local:
        found = [(await local.invoke(name)).payload for name in ("both", "one")]
    assert found == [
        [2, "1", ["only1", "only2", "python", "wrap"]],
        [1, None, ["only1", "python"]],
    ]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
async def test_node_finds_modules_of_layers(tmp_path: Path) -> None:
    if not has_mounts():
        pytest.skip("this host allows no mount namespaces")
    module = tmp_path / "layer" / "nodejs" / "node_modules" / "shared"
    module.mkdir(parents=True)
    (module / "index.js").write_text("exports.version = 3")
    (tmp_path / "f").mkdir()
    code = "exports.handler = async () => require('shared').version"
    (tmp_path / "f" / "index.js").write_text(code)
    async with serving(function_source(f"{tmp_path / 'f'},layer={tmp_path / 'layer'}")) as local:
        assert (await local.invoke("f")).payload == 3


def test_layers_with_extensions_and_layers_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "extensions").mkdir()
    (tmp_path / "extensions" / "agent").touch()
    with pytest.raises(UsageError, match=r"has extensions \(agent\), which the embedded Lambda"):
        function_source(f"hello,layer={tmp_path}")
    with pytest.raises(UsageError, match="layer /no/layer does not exist"):
        function_source("hello,layer=/no/layer")


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
async def test_a_debugger_can_attach_to_node(tmp_path: Path, unused_tcp_port: int) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "index.js").write_text("exports.handler = async () => 1")
    source = function_source(f"{tmp_path / 'f'},debug={unused_tcp_port}")
    async with serving(source) as local:
        assert (await local.invoke("f")).payload == 1
        told = await local.http.get(f"http://127.0.0.1:{unused_tcp_port}/json/list")
    assert told.json()[0]["webSocketDebuggerUrl"].startswith(f"ws://127.0.0.1:{unused_tcp_port}/")


async def test_a_debugger_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text(ONE)
    source = function_source(f"f={tmp_path},debug=5678")
    if importlib.util.find_spec("debugpy") is None:
        with pytest.raises(TargetError, match="f: debugpy is not installed: pip install debugpy"):
            async with serving(source):
                pass
    with pytest.raises(UsageError, match="debug takes a port"):
        function_source(f"f={tmp_path},debug=yes")
