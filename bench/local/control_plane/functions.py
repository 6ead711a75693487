"""Functions and versions: create, get, list, update, publish, delete."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bench.local.account import publishing
from bench.local.account.arns import LATEST
from bench.local.account.records import Settings, Version
from bench.local.control_plane import code, shapes, validation
from bench.local.control_plane.request import OperationCall, StatusAndValue, unreadable
from bench.local.http.api_error import ApiError, invalid_parameter, validation_error
from bench.local.model import FunctionConfig

_FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def create(call: OperationCall) -> StatusAndValue:
    """CreateFunction: 201, `Pending` at first; 409 if there is one of that name."""
    name = _new_name(call)
    validation.check_package(call)
    given = call.object("Code") or {}
    validation.check_package(replace(call, body=given))
    runtime, handler = call.text("Runtime"), call.text("Handler")
    if runtime is None or (handler is None and not runtime.startswith("provided")):
        raise invalid_parameter(
            "Runtime and Handler are mandatory parameters for functions created "
            "with deployment packages."
        )
    call.needed_text("Role")
    config = FunctionConfig(name=name, arn="", version=LATEST, handler=handler or "", folder="")
    config = validation.configured(call, config)
    config = replace(config, architecture=validation.architecture(call) or config.architecture)
    settings = validation.described(call, Settings())
    if call.object("Environment") == {"Variables": {}}:
        echoed = {**settings.echoed, "Environment": {"Variables": {}}}
        settings = replace(settings, echoed=echoed)
    tags = _tags(call)
    publish = call.body.get("Publish") is True
    if name in call.store.functions:
        call.store.create(config)  # raises the conflict, before anything is unpacked
    unpacked = _unpack(call, code.decode(given.get("ZipFile")))
    version = call.store.create(
        replace(config, folder=unpacked.folder),
        replace(settings, code_sha256=unpacked.sha256, code_size_bytes=unpacked.size_bytes),
        tags=tags,
    )
    made = shapes.configuration(call, version)
    if publish:
        made["Version"] = publishing.publish_pending(
            call.store, call.store.functions[name]
        ).config.version
    for key in ("LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"):
        made.pop(key, None)
    return 201, made


def get(call: OperationCall) -> StatusAndValue:
    """GetFunction: configuration, tags, reservation, and where its code lies."""
    function = call.store.function(call.name, call.qualifier)
    version = call.store.version(call.name, call.qualifier)
    made: dict[str, Any] = {
        "Configuration": shapes.configuration(call, version, _asked_arn(call)),
        "Code": {"RepositoryType": "S3", "Location": f"file://{version.config.folder}"},
    }
    if function.tags:
        made["Tags"] = dict(function.tags)
    if function.reserved is not None:
        made["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
    return 200, made


def get_configuration(call: OperationCall) -> StatusAndValue:
    """GetFunctionConfiguration of a version or alias; `$LATEST` without a qualifier."""
    version = call.store.version(call.name, call.qualifier)
    return 200, shapes.configuration(call, version, _asked_arn(call))


def list_functions(call: OperationCall) -> StatusAndValue:
    """ListFunctions; every version of each with FunctionVersion=ALL."""
    every = call.asked("FunctionVersion") == "ALL"
    found = [
        version
        for _, function in sorted(call.store.functions.items())
        for version in (function.versions.values() if every else [function.versions[LATEST]])
    ]
    return 200, call.page("Functions", found, lambda version: _listed(call, version, every))


def _listed(call: OperationCall, version: Version, every: bool) -> dict[str, Any]:
    made = shapes.summary(call, version)
    return made if every else made | {"FunctionArn": version.config.arn}


def update_configuration(call: OperationCall) -> StatusAndValue:
    """UpdateFunctionConfiguration: 200, `InProgress` at first; 409 during another update."""
    _only_latest(call)
    before = call.store.version(call.name)
    version = call.store.update(
        call.name,
        validation.configured(call, before.config),
        validation.described(call, before.settings),
        revision_id=call.text("RevisionId"),
    )
    return 200, shapes.configuration(call, version)


def update_code(call: OperationCall) -> StatusAndValue:
    """UpdateFunctionCode: 200, InProgress; with DryRun nothing changes."""
    _only_latest(call)
    validation.check_package(call)
    before = call.store.version(call.name)
    revision_id = call.text("RevisionId")
    call.store.check_revision(before, revision_id)
    call.store.check_idle(before)
    archive = code.decode(call.body.get("ZipFile"))
    if call.body.get("DryRun") is True:
        return 200, shapes.configuration(call, before) | {"CodeSha256": code.sha256(archive)}
    unpacked = _unpack(call, archive)
    config = replace(
        before.config,
        folder=unpacked.folder,
        architecture=validation.architecture(call) or before.config.architecture,
    )
    settings = replace(
        before.settings, code_sha256=unpacked.sha256, code_size_bytes=unpacked.size_bytes
    )
    version = call.store.update(call.name, config, settings, revision_id=revision_id)
    if call.body.get("Publish") is True:
        version = publishing.publish_pending(call.store, call.store.function(call.name))
    return 200, shapes.configuration(call, version)


def delete(call: OperationCall) -> StatusAndValue:
    """DeleteFunction: 204, of the function or one version."""
    call.store.delete(call.name, call.qualifier)
    return 204, None


def publish(call: OperationCall) -> StatusAndValue:
    """PublishVersion: 201, also when the version is there already."""
    version = publishing.publish(
        call.store,
        call.name,
        description=call.text("Description", longest=256),
        code_sha256=call.text("CodeSha256"),
        revision_id=call.text("RevisionId"),
    )
    return 201, shapes.configuration(call, version)


def list_versions(call: OperationCall) -> StatusAndValue:
    """ListVersionsByFunction: `$LATEST` first, then by number."""
    versions = list(call.store.function(call.name).versions.values())
    return 200, call.page("Versions", versions, lambda version: shapes.summary(call, version))


def _unpack(call: OperationCall, archive: bytes) -> code.Code:
    """The unpacked archive; raises ApiError 400 when the account's code storage is full."""
    if call.store.code_bytes() + len(archive) > code.STORAGE_LIMIT_BYTES:
        raise ApiError(400, "CodeStorageExceededException", "Code storage limit exceeded.")
    return code.unpack(archive, call.code_root)


def _new_name(call: OperationCall) -> str:
    given = call.needed_text("FunctionName", longest=140)
    name = call.store.ref(given).name
    if not _FUNCTION_NAME.fullmatch(name):
        raise validation_error(given, "functionName", "have length less than or equal to 64")
    return name


def _tags(call: OperationCall) -> dict[str, str]:
    tags = call.object("Tags") or {}
    if not all(isinstance(value, str) for value in tags.values()):
        raise unreadable("every tag must be a string")
    return dict(tags)


def _asked_arn(call: OperationCall) -> str | None:
    """The ARN of the qualifier that was asked for, an alias's included; None without one."""
    ref = call.store.ref(call.name, call.qualifier)
    return call.store.arn(ref.name, ref.qualifier) if ref.qualifier else None


def _only_latest(call: OperationCall) -> None:
    if call.wanted != LATEST:
        raise invalid_parameter(
            f"The operation is not supported for the version {call.wanted}: only $LATEST changes"
        )
