"""Which environment variables a function may have. Texts as AWS answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from bench.lambda_facts import ENVIRONMENT_LIMIT_BYTES
from bench.local.http.api_error import invalid_parameter, validation_error

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_RESERVED = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
    }
)


def check_variables(variables: Mapping[str, str]) -> None:
    """Raise ApiError 400 for a name that cannot be, a reserved one, and more than 4 KB."""
    reserved = sorted(_RESERVED & variables.keys())
    if reserved:
        raise invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    for name in variables:
        if not _NAME.fullmatch(name):
            raise validation_error(
                name[:64],
                "environment.variables",
                "satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+",
            )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode("utf-8", "replace")) > ENVIRONMENT_LIMIT_BYTES:
        raise invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment "
            f"variables you have provided exceeded the 4KB limit. String measured: {measured[:64]}…"
        )
