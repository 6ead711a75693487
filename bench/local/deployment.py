"""From the command line's functions to deployed ones: a version and an alias per memory size."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

from bench.errors import UsageError
from bench.lambda_facts import MAX_TIMEOUT_S
from bench.local.account.concurrency import put_provisioned, put_reserved
from bench.local.account.publishing import publish_sizes
from bench.local.account.records import Settings
from bench.local.account.store import Store
from bench.local.account.variables import check_variables
from bench.local.http.api_error import ApiError
from bench.local.layers import laid
from bench.local.model import FunctionConfig
from bench.local.options import FunctionSource, LocalOptions
from bench.local.sandbox import runtime


def deploy(
    store: Store, source: FunctionSource, options: LocalOptions, layers: Path, code: Settings
) -> list[str]:
    """Deploy a function: the aliases, one per size. `$LATEST` has the first size.

    layers is where those of functions that have several may be laid over each other, code what
    `code_settings` says of the folder. Raises TargetError when nothing here can run it, UsageError
    for what Lambda would refuse.
    """
    try:
        return _deploy(store, source, options, layers, code)
    except ApiError as error:
        raise UsageError(f"function {source.name}: {error.message}") from None


def _deploy(
    store: Store, source: FunctionSource, options: LocalOptions, layers: Path, code: Settings
) -> list[str]:
    sizes_mb = source.memory_mb or options.memory_mb
    variables = {**options.environment, **source.environment}
    check_variables(variables)
    config = FunctionConfig(
        name=source.name,
        arn="",
        version="",
        handler=source.handler,
        folder=str(source.folder),
        memory_mb=sizes_mb[0],
        timeout_s=_timeout_s(source, options),
        architecture=source.architecture or options.architecture,
        runtime=source.runtime,
        environment=variables,
        ephemeral_storage_mb=options.storage_mb,
        log_format=options.log_format,
        opt=laid(source.layers or options.layers, layers / source.name),
        debug_port=source.debug_port,
    )
    runtime.check(config)
    latest = store.create(config, code, ready=True)
    aliases = publish_sizes(store, source.name, sizes_mb)
    store.update(source.name, latest.config, latest.settings, ready=True)
    reserved = 1 if source.debug_port else options.reserved
    if reserved is not None:
        put_reserved(store, source.name, reserved)
    if source.provisioned:
        for alias in aliases.values():
            put_provisioned(store, source.name, alias, source.provisioned)
    return list(aliases.values())


def _timeout_s(source: FunctionSource, options: LocalOptions) -> float:
    """Its own timeout, or that of all; with a debugger as long as Lambda allows."""
    if source.timeout_s is not None:
        return source.timeout_s
    return MAX_TIMEOUT_S if source.debug_port else options.timeout_s


def code_settings(folder: Path) -> Settings:
    """CodeSha256 and CodeSize of a folder that was never an archive.

    The hash is over names, sizes and times: a folder of dependencies is not read for it.
    """
    digest, size_bytes = hashlib.sha256(), 0
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            try:
                status = Path(place, name).stat()
            except OSError:
                continue
            size_bytes += status.st_size
            line = f"{Path(place, name).relative_to(folder)} {status.st_size} {status.st_mtime_ns}"
            digest.update(line.encode(errors="surrogateescape"))
    sha256 = base64.b64encode(digest.digest()).decode()
    return Settings(code_sha256=sha256, code_size_bytes=size_bytes)
