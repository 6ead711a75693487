"""How a function is named in a request: by name, partial ARN or full ARN, with a qualifier or not.

Patterns from botocore's Lambda model (FunctionName, Qualifier, Alias, Version).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.local.http.api_error import ApiError, invalid_parameter, validation_error

LATEST = "$LATEST"

FUNCTION_NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?"
    r"(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
"""As AWS quotes it in a ValidationException."""

_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?"
    r"(?:(?P<region>[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]{1,140})"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]{1,128}))?"
)
"""Also names longer than any that can be created: those are not found, rather than malformed."""
_QUALIFIER = re.compile(r"[a-zA-Z0-9$_-]{1,128}")
_ALIAS = re.compile(r"(?![0-9]+\Z)[a-zA-Z0-9_-]{1,128}")
_VERSION = re.compile(r"\$LATEST|[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function as a request names it. None is what the request leaves out."""

    name: str
    qualifier: str | None = None
    region: str | None = None
    account: str | None = None


def parse_ref(name_or_arn: str, qualifier: str | None) -> FunctionRef:
    """Read a FunctionName (percent-decoded) and the Qualifier beside it.

    Raises ApiError: 400 when either is malformed, or when both carry a qualifier and they differ.
    """
    match = _NAME.fullmatch(name_or_arn) if len(name_or_arn) <= 256 else None
    if match is None:
        raise validation_error(
            name_or_arn[:256],
            "functionName",
            f"satisfy regular expression pattern: {FUNCTION_NAME_PATTERN}",
        )
    if qualifier and not _QUALIFIER.fullmatch(qualifier):
        raise validation_error(
            qualifier[:256], "qualifier", "satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)"
        )
    derived = match["qualifier"]
    if derived and qualifier and derived != qualifier:
        raise invalid_parameter(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return FunctionRef(match["name"], qualifier or derived, match["region"], match["account"])


def is_alias(qualifier: str) -> bool:
    """Whether a qualifier names an alias, rather than a version or `$LATEST`."""
    return _ALIAS.fullmatch(qualifier) is not None


def check_alias_name(alias: str) -> None:
    """Raise the 400 that AWS has for a name that no alias can have."""
    if not is_alias(alias):
        raise validation_error(
            alias[:256],
            "name",
            "satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
        )


def check_version(version: str) -> None:
    """Raise the 400 that AWS has for what is no version number."""
    if not _VERSION.fullmatch(version):
        raise validation_error(
            version[:256],
            "functionVersion",
            r"satisfy regular expression pattern: (\$LATEST|[0-9]+)",
        )


def check_place(ref: FunctionRef, region: str, account: str) -> None:
    """Refuse an ARN of another region (404) or account (403), as AWS does."""
    if ref.region is not None and ref.region != region:
        raise ApiError(
            404,
            "ResourceNotFoundException",
            f"Functions from '{ref.region}' are not reachable from this region ('{region}')",
        )
    if ref.account is not None and ref.account != account:
        raise ApiError(
            403,
            "AccessDeniedException",
            "User is not authorized to perform this action on resource: "
            f"arn:aws:lambda:{region}:{ref.account}:function:{ref.name} "
            "because no resource-based policy allows it",
            type="",
        )
