"""Functions, versions, aliases and the rest as the API's JSON; each with its own form of time."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from bench.local.account.arns import LATEST
from bench.local.account.records import Alias, FunctionUrl, Provisioned, Version
from bench.local.control_plane.request import OperationCall
from bench.model.times import NS_PER_MS, NS_PER_S


def configuration(call: OperationCall, version: Version, arn: str | None = None) -> dict[str, Any]:
    """FunctionConfiguration with its states. arn stands in for the version's own: an alias's."""
    now_ns = call.store.clock_ns()
    made = summary(call, version) | {"FunctionArn": arn or version.config.arn}
    made["State"] = version.state(now_ns)
    if made["State"] == "Pending":
        made["StateReason"] = "The function is being created."
        made["StateReasonCode"] = "Creating"
        made["LastUpdateStatus"] = "InProgress"
    else:
        made["LastUpdateStatus"] = version.last_update_status(now_ns)
    if made["LastUpdateStatus"] == "InProgress":
        made["LastUpdateStatusReason"] = "The function is being created."
        made["LastUpdateStatusReasonCode"] = "Creating"
    runtime = hashlib.sha256(version.config.runtime.encode()).hexdigest()
    made["RuntimeVersionConfig"] = {
        "RuntimeVersionArn": f"arn:aws:lambda:{call.store.region}::runtime:{runtime}"
    }
    return made


def summary(call: OperationCall, version: Version) -> dict[str, Any]:
    """FunctionConfiguration as lists have it: no states; `$LATEST` qualified."""
    config, settings = version.config, version.settings
    arn = f"{config.arn}:{LATEST}" if config.version == LATEST else config.arn
    made: dict[str, Any] = {
        "FunctionName": config.name,
        "FunctionArn": arn,
        "Runtime": config.runtime,
        "Role": settings.role,
        "Handler": config.handler,
        "CodeSize": settings.code_size_bytes,
        "Description": settings.description,
        "Timeout": int(config.timeout_s),
        "MemorySize": config.memory_mb,
        "LastModified": _modified(version.modified_ns),
        "CodeSha256": settings.code_sha256,
        "Version": config.version,
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": version.revision(call.store.clock_ns()),
        "PackageType": "Zip",
        "Architectures": [config.architecture],
        "EphemeralStorage": {"Size": config.ephemeral_storage_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {
            "LogFormat": config.log_format,
            "LogGroup": f"/aws/lambda/{config.name}",
        },
    }
    made |= _echoed(version)
    if config.environment:
        made["Environment"] = {"Variables": dict(config.environment)}
    return made


def _echoed(version: Version) -> dict[str, Any]:
    held = dict(version.settings.echoed)
    snap_start = held.pop("SnapStart", None)
    if isinstance(snap_start, dict):
        held["SnapStart"] = {"OptimizationStatus": "Off", **snap_start}
    return held


def alias(held: Alias) -> dict[str, Any]:
    """AliasConfiguration; with RoutingConfig only if it has weights."""
    made: dict[str, Any] = {
        "AliasArn": held.arn,
        "Name": held.name,
        "FunctionVersion": held.version,
        "Description": held.description,
        "RevisionId": held.revision_id,
    }
    if held.weights:
        made["RoutingConfig"] = {"AdditionalVersionWeights": dict(held.weights)}
    return made


def provisioned(call: OperationCall, held: Provisioned) -> dict[str, Any]:
    """A provisioned concurrency configuration; READY once all is up, FAILED where init does."""
    allocated = held.allocated_at(call.store.clock_ns())
    failed = {"StatusReason": "FUNCTION_ERROR_INIT_FAILURE"} if held.init_fails else {}
    status = "READY" if allocated >= held.requested else "IN_PROGRESS"
    return failed | {
        "RequestedProvisionedConcurrentExecutions": held.requested,
        "AvailableProvisionedConcurrentExecutions": allocated,
        "AllocatedProvisionedConcurrentExecutions": allocated,
        "Status": "FAILED" if failed else status,
        "LastModified": time.strftime(
            "%Y-%m-%dT%H:%M:%S+0000", time.gmtime(held.modified_ns // NS_PER_S)
        ),
    }


def url(call: OperationCall, held: FunctionUrl) -> dict[str, Any]:
    """FunctionUrlConfig; its URL leads to a port of this machine."""
    made: dict[str, Any] = {
        "FunctionUrl": call.url_template.format(url_id=held.url_id, region=call.store.region),
        "FunctionArn": held.arn,
        "AuthType": held.auth_type,
        "CreationTime": _instant(held.created_ns),
        "LastModifiedTime": _instant(held.modified_ns),
        "InvokeMode": held.invoke_mode,
    }
    if held.cors is not None:
        made["Cors"] = dict(held.cors)
    return made


def _modified(ns: int) -> str:
    """LastModified of a function, in UTC: `2020-04-10T19:06:32.563+0000`."""
    millis = ns // NS_PER_MS % 1000
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // NS_PER_S)) + f".{millis:03}+0000"


def _instant(ns: int) -> str:
    """A time of a function URL's, in UTC: `2022-09-14T21:51:13.373847Z`."""
    micros = ns // 1000 % 1_000_000
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // NS_PER_S)) + f".{micros:06}Z"
