"""`lamload local`: serve the embedded Lambda until it is told to stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.commands.support.verb import Verb
from bench.errors import LamloadError, UsageError, cause_of
from bench.lambda_facts import (
    ACCOUNT_CONCURRENCY,
    MAX_STORAGE_MB,
    MIN_MEMORY_MB,
    MIN_STORAGE_MB,
)
from bench.local.options import (
    DEFAULT_PORT,
    LOCAL_ACCESS_KEY,
    LOCAL_SECRET_KEY,
    FunctionSource,
    LocalOptions,
)

if TYPE_CHECKING:
    from bench.local.templates.declared import Template


@click.command("local", cls=Verb)
@click.option(
    "--function",
    "functions",
    multiple=True,
    metavar="NAME=FOLDER[,KEY=VALUE]…",
    help="A folder with a handler, or a bundled function's name; repeatable. Its own handler, "
    "runtime, memory, doors or env.NAME may stand behind it: `lamload help local`. Without it: "
    "primes and hello.",
)
@click.option(
    "--template",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="template.yaml or serverless.yml: its functions, beside those of --function.",
)
@click.option("--handler", metavar="MODULE.FUNCTION", help="Handler of the folders given.")
@click.option("--runtime", help="Runtime of the folders given, such as python3.12 or nodejs20.x.")
@click.option(
    "--memory",
    default=str(MIN_MEMORY_MB),
    show_default=True,
    metavar="MB,…",
    help="Sizes; each becomes a published version with an alias such as 128MB.",
)
@click.option(
    "--doors", metavar="KIND,…", help="Front doors to open; without it, all. `none`: none."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port of the Lambda API; 0 takes a free one. Default {DEFAULT_PORT}, with --json 0.",
)
@click.option("--control-port", type=click.IntRange(0, 65535), default=0, show_default=True)
@click.option(
    "--timeout", "timeout_s", type=float, default=30.0, show_default=True, help="Seconds."
)
@click.option(
    "--concurrency", type=click.IntRange(0), default=ACCOUNT_CONCURRENCY, show_default=True
)
@click.option("--reserved-concurrency", type=click.IntRange(0), help="Of each function.")
@click.option(
    "--idle-s",
    type=click.FloatRange(0, min_open=True),
    default=600.0,
    show_default=True,
    help="How long a sandbox lives without work.",
)
@click.option(
    "--env",
    "environment",
    multiple=True,
    is_flag=False,
    flag_value="",
    metavar="[KEY=VALUE]",
    help="A variable of all functions; repeatable. Alone: print what a shell needs to call the "
    'embedded Lambda that runs at --port: eval "$(lamload local --env)".',
)
@click.option(
    "--watch", is_flag=True, help="New code at the next invocation when a folder has changed."
)
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="FOLDER",
    help="What functions find in /opt; repeatable, later ones over earlier ones.",
)
@click.option(
    "--ephemeral-storage",
    "storage_mb",
    type=click.IntRange(MIN_STORAGE_MB, MAX_STORAGE_MB),
    default=MIN_STORAGE_MB,
    show_default=True,
    help="What /tmp holds, in MB.",
)
@click.option(
    "--env-from",
    "environment_file",
    metavar="FILE",
    help="A JSON object with more of them: what is in a file or a pipe is not seen in ps.",
)
@click.option("--architecture", type=click.Choice(["x86_64", "arm64"]), default="x86_64")
@click.option("--log-format", type=click.Choice(["Text", "JSON"]), default="Text")
@click.option("--logs", "show_logs", is_flag=True, help="Print what functions print, on stderr.")
@click.option(
    "--freeze/--no-freeze",
    "freezes",
    default=True,
    help="Whether environments stand still between invocations, as on AWS. Default: they do.",
)
@click.option("--faults", "faults_file", metavar="FILE", help="Faults to play, as TOML or JSON.")
@click.option("--faults-json", metavar="JSON", help="Faults to play, as a JSON list.")
@click.option(
    "--verify-signatures",
    is_flag=True,
    help=f"Check SigV4 in full; the access key is {LOCAL_ACCESS_KEY}, its secret key "
    f"{LOCAL_SECRET_KEY}.",
)
@click.option("--with-parent", is_flag=True, help="End when stdin reaches its end.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON on stdout when ready.")
def local(
    functions: tuple[str, ...],
    template: Path | None,
    handler: str | None,
    runtime: str | None,
    memory: str,
    doors: str | None,
    port: int | None,
    control_port: int,
    timeout_s: float,
    concurrency: int,
    reserved_concurrency: int | None,
    idle_s: float,
    environment: tuple[str, ...],
    watch: bool,
    layers: tuple[str, ...],
    storage_mb: int,
    environment_file: str | None,
    architecture: str,
    log_format: str,
    show_logs: bool,
    freezes: bool,
    faults_file: str | None,
    faults_json: str | None,
    verify_signatures: bool,
    with_parent: bool,
    as_json: bool,
) -> None:
    """Serve AWS Lambda on this machine: real handlers in real processes, on 127.0.0.1 alone.

    Any SDK or the AWS CLI can call it with --endpoint-url; front doors have ports of their own.
    """
    if "" in environment:
        if len(environment) > 1:
            raise UsageError("--env takes KEY=VALUE, or stands alone")
        click.echo(_exports(DEFAULT_PORT if port is None else port))
        return
    from bench.local.isolation import hide_from_handlers
    from bench.local.options import check_timeout
    from bench.local.sources import door_kinds, layer_folder, memory_sizes
    from bench.local.templates import read_template
    from bench.local.templates.declared import Template

    sizes = memory_sizes(memory)
    check_timeout(timeout_s)
    declared = read_template(template) if template else Template((), ())
    usual = () if template else ("primes", "hello")
    sources, refused = _sources(functions or usual, handler, runtime, declared)
    options = LocalOptions(
        functions=sources,
        refused=refused,
        port=port if port is not None else 0 if as_json else DEFAULT_PORT,
        control_port=control_port,
        memory_mb=sizes,
        doors=None if doors is None else door_kinds(doors),
        timeout_s=timeout_s,
        concurrency=concurrency,
        reserved=reserved_concurrency,
        idle_s=idle_s,
        environment=_environment_of(environment_file) | dict(map(_pair, environment)),
        faults=_faults(faults_file, faults_json),
        verify_signatures=verify_signatures,
        layers=tuple(layer_folder(text) for text in layers),
        architecture=architecture,
        log_format=log_format,
        show_logs=show_logs,
        freezes=freezes,
        watch=watch,
        storage_mb=storage_mb,
    )
    import uvloop

    hide_from_handlers()
    uvloop.run(_serve(options, with_parent=with_parent, as_json=as_json))


async def _serve(options: LocalOptions, *, with_parent: bool, as_json: bool) -> None:
    """From ready to a signal, the end of stdin, or the loss of the sandboxes' parent."""
    from bench.local.banner import story
    from bench.local.server import LocalLambda

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if with_parent:
        _watch_stdin(loop, stop)
    starting = asyncio.ensure_future(LocalLambda.start(options))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():  # told to end before it had begun
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return
    server = starting.result()
    try:
        document = server.document()
        for reason in server.refused:
            click.echo(f"warning: passed over: {reason}", err=True)
        click.echo(json.dumps(document) if as_json else story(document))
        sys.stdout.flush()
        server.spawner.lost.add_done_callback(lambda _: stop.set())
        watching = asyncio.ensure_future(server.watch())
        await stopping
        watching.cancel()
        if server.spawner.lost.done():
            raise LamloadError("the process that starts sandboxes has been killed")
    finally:
        await server.close()


def _exports(port: int) -> str:
    """Lines for a shell, so that SDKs and the CLI call what runs at the port.

    Raises TargetError when nothing does.
    """
    from bench.commands.support.local_address import check_served
    from bench.local.model import REGION

    check_served(port)
    variables = {
        "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": LOCAL_ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": LOCAL_SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    lines = [f"export {name}={value}" for name, value in variables.items()]
    return "\n".join([*lines, "unset AWS_SESSION_TOKEN AWS_PROFILE"])


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when whoever started this is gone."""

    def readable() -> None:
        try:
            ended = not os.read(0, 65_536)
        except OSError:
            ended = True
        if ended:
            loop.remove_reader(0)
            stop.set()

    try:
        loop.add_reader(0, readable)
    except OSError:  # a plain file: its end is all that there is to wait for
        stop.set()


def _sources(
    functions: tuple[str, ...], handler: str | None, runtime: str | None, declared: Template
) -> tuple[tuple[FunctionSource, ...], tuple[str, ...]]:
    """The functions to serve, and why others are not. Raises UsageError where none is left."""
    from bench.local.sources import function_source

    sources, refused = list(declared.sources), list(declared.passed_over)
    for text in functions:
        try:
            sources.append(function_source(text, handler, runtime))
        except UsageError as error:
            if len(functions) == 1 and not sources:
                raise
            refused.append(str(error))
    if not sources:
        raise UsageError("; ".join(refused))
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        raise UsageError(
            f"two functions have the same name: {', '.join(sorted(names))}; name them with "
            "--function NAME=FOLDER"
        )
    return tuple(sources), tuple(refused)


def _faults(path: str | None, text: str | None) -> tuple[dict[str, Any], ...]:
    """Those of --faults, else those of --faults-json. Raises ProfileError with every mistake."""
    from bench.faults.file import read_fault_file
    from bench.schema.toml import decode

    if path is None:
        return read_fault_file(text or "[]", "--faults-json", is_json=True)
    try:
        content = decode(Path(path).read_bytes(), path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {cause_of(error)}") from None
    return read_fault_file(content, path, is_json=not path.endswith(".toml"))


def _environment_of(path: str | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"--env-from: {path} cannot be read: {cause_of(error)}") from None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise UsageError(f"--env-from: {path} must be a JSON object whose values are texts")
    return found


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"--env takes KEY=VALUE (it is {text})")
    return key, value
