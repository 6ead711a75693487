"""What CreateFunction and UpdateFunction… say about a function, checked and put in our form.

Bounds and patterns from botocore's Lambda model and the Lambda quotas; texts as AWS answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bench.function_folder import RUNTIME
from bench.lambda_facts import (
    MAX_MEMORY_MB,
    MAX_STORAGE_MB,
    MAX_TIMEOUT_S,
    MIN_MEMORY_MB,
    MIN_STORAGE_MB,
)
from bench.local.account.records import Settings
from bench.local.account.variables import check_variables
from bench.local.control_plane.request import OperationCall, unreadable
from bench.local.http.api_error import ApiError, invalid_parameter, validation_error
from bench.local.model import FunctionConfig

_HANDLER = re.compile(r"\S+")
_ROLE = re.compile(r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
_NOT_SERVED = {
    "Layers": "start it with --layer FOLDER, or put what they hold into the function's archive",
    "FileSystemConfigs": "leave them out",
}
"""What a function would miss, if it were taken without effect."""
_ECHOED = (
    "VpcConfig",
    "DeadLetterConfig",
    "KMSKeyArn",
    "TracingConfig",
    "SnapStart",
)


def configured(call: OperationCall, before: FunctionConfig) -> FunctionConfig:
    """The configuration with what the call changes; raises ApiError 400."""
    changes: dict[str, Any] = {
        "memory_mb": call.number("MemorySize", MIN_MEMORY_MB, MAX_MEMORY_MB),
        "timeout_s": call.number("Timeout", 1, int(MAX_TIMEOUT_S)),
        "handler": _handler(call),
        "runtime": _runtime(call),
        "environment": _environment(call),
        "ephemeral_storage_mb": _storage(call),
        "log_format": _log_format(call),
    }
    return replace(before, **{name: value for name, value in changes.items() if value is not None})


def described(call: OperationCall, before: Settings) -> Settings:
    """The settings with what the call changes; raises ApiError 400."""
    role = call.text("Role")
    if role is not None and not _ROLE.fullmatch(role):
        raise validation_error(
            role[:100],
            "role",
            r"satisfy regular expression pattern: "
            r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
        )
    description = call.text("Description", longest=256)
    for key, mend in _NOT_SERVED.items():
        if call.body.get(key):
            raise invalid_parameter(f"The embedded Lambda has no {key}: {mend}")
    echoed = dict(before.echoed)
    echoed |= {key: call.body[key] for key in _ECHOED if call.body.get(key) is not None}
    return replace(
        before,
        role=before.role if role is None else role,
        description=before.description if description is None else description,
        echoed=echoed,
    )


def architecture(call: OperationCall) -> str | None:
    """The one entry of Architectures, or None; raises ApiError 400."""
    value = call.body.get("Architectures")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 1 or value[0] not in ("x86_64", "arm64"):
        raise validation_error(
            str(value)[:64], "architectures", "satisfy enum value set: [x86_64, arm64]"
        )
    return str(value[0])


def _handler(call: OperationCall) -> str | None:
    handler = call.text("Handler", longest=128)
    if handler is not None and not _HANDLER.fullmatch(handler):
        raise validation_error(handler, "handler", r"satisfy regular expression pattern: [^\s]+")
    return handler


def _runtime(call: OperationCall) -> str | None:
    runtime = call.text("Runtime")
    if runtime is not None and not RUNTIME.fullmatch(runtime):
        raise invalid_parameter(
            f"Value {runtime[:64]} at 'runtime' failed to satisfy constraint: Member must satisfy "
            "enum value set: [python3.x, nodejsNN.x, provided, provided.al2, provided.al2023]; "
            "the embedded Lambda runs no other"
        )
    return runtime


def _environment(call: OperationCall) -> Mapping[str, str] | None:
    given = call.object("Environment")
    if given is None:
        return None
    variables = given.get("Variables") or {}
    if not isinstance(variables, dict):
        raise unreadable("Environment.Variables must be an object")
    for name, value in variables.items():
        if not isinstance(value, str) or "\0" in value:
            raise unreadable(f"environment variable {name[:64]} must be a string")
    check_variables(variables)
    return dict(variables)


def _storage(call: OperationCall) -> int | None:
    given = call.object("EphemeralStorage")
    if given is None:
        return None
    return replace(call, body=given).needed_number("Size", MIN_STORAGE_MB, MAX_STORAGE_MB)


def _log_format(call: OperationCall) -> str | None:
    given = call.object("LoggingConfig")
    return (
        None if given is None else replace(call, body=given).choice("LogFormat", ("Text", "JSON"))
    )


def check_package(call: OperationCall) -> None:
    """Refuse container images and code in S3, which the embedded Lambda cannot get."""
    if call.choice("PackageType", ("Zip", "Image")) == "Image" or call.body.get("ImageUri"):
        raise invalid_parameter("The embedded Lambda runs no container images: send a zip")
    if call.body.get("S3Bucket") or call.body.get("S3Key"):
        raise ApiError(
            400,
            "InvalidParameterValueException",
            "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: "
            "The specified bucket does not exist (the embedded Lambda has no S3: send a zip)",
        )
