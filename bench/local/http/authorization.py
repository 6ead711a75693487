"""A SigV4 signature as a request carries it: in the Authorization header or in a presigned URL.

Only its shape is checked here. Error texts are those of the AWS services.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from bench.local.http.api_error import ApiError
from bench.local.model import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_EXPIRES_S = 7 * 24 * 3600
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)

_CREDENTIAL = re.compile(
    r"([\w+/=.-]{1,128})/(\d{8})/([a-z0-9-]{1,40})/([a-z0-9-]{1,40})/aws4_request"
)
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_HEADER_NAMES = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+(;[a-z0-9!#$%&'*+.^_`|~-]+)*")


@dataclass(frozen=True, slots=True)
class Authorization:
    """A signature as a request carries it. date is `20240131T120000Z`.

    expires_s is None for an Authorization header, else the lifetime of a presigned URL.
    """

    access_key: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    date: str
    expires_s: int | None = None


def access_key(request: HttpRequest) -> str | None:
    """The access key that a request claims; None without a well-formed signature."""
    try:
        return read_authorization(request).access_key
    except ApiError:
        return None


def read_authorization(request: HttpRequest) -> Authorization:
    """The signature of a request, from its header or its query. Raises ApiError 403."""
    header = request.header("authorization")
    if header is not None:
        return _from_header(header, request)
    query = dict(query_pairs(request.raw_query))
    if "X-Amz-Signature" in query or "X-Amz-Algorithm" in query:
        return _from_query(query)
    raise refused("MissingAuthenticationTokenException", "Missing Authentication Token")


def _from_header(header: str, request: HttpRequest) -> Authorization:
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise incomplete(f"Unsupported AWS 'algorithm': '{algorithm[:64]}'.")
    parts = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise incomplete(
                f"'{part.strip()[:64]}' not a valid key=value pair (missing equal-sign) "
                "in Authorization header."
            )
        parts[name] = value
    for needed in ("Credential", "SignedHeaders", "Signature"):
        if needed not in parts:
            raise incomplete(f"Authorization header requires '{needed}' parameter.")
    date = request.header("x-amz-date")
    if date is None:
        raise incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    return _authorization(parts["Credential"], parts["SignedHeaders"], parts["Signature"], date)


def _from_query(query: Mapping[str, str]) -> Authorization:
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        raise incomplete("AWS query-string parameters must include 'X-Amz-Algorithm'.")
    for needed in ("X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date"):
        if needed not in query:
            raise incomplete(f"AWS query-string parameters must include '{needed}'.")
    expires = query.get("X-Amz-Expires", "")
    if not re.fullmatch(r"\d{1,6}", expires) or int(expires) > MAX_EXPIRES_S:
        raise incomplete("X-Amz-Expires must be from 0 to 604800 seconds.")
    return _authorization(
        query["X-Amz-Credential"],
        query["X-Amz-SignedHeaders"],
        query["X-Amz-Signature"],
        query["X-Amz-Date"],
        int(expires),
    )


def _authorization(
    credential: str, names: str, signature: str, date: str, expires_s: int | None = None
) -> Authorization:
    match = _CREDENTIAL.fullmatch(credential)
    if match is None:
        raise incomplete(
            "Credential must have exactly 5 slash-delimited elements, "
            "e.g. keyid/date/region/service/term."
        )
    if not _HEADER_NAMES.fullmatch(names):
        raise incomplete("SignedHeaders must be lower-case names, separated by semicolons.")
    if not _SIGNATURE.fullmatch(signature):
        raise refused("InvalidSignatureException", MISMATCH)
    if not re.fullmatch(r"\d{8}T\d{6}Z", date, re.ASCII):
        raise incomplete("Date must be in ISO-8601 'basic format'.")
    key, day, region, service = match.groups()
    return Authorization(
        key, day, region, service, tuple(names.split(";")), signature, date, expires_s
    )


def query_pairs(raw_query: str) -> list[tuple[str, str]]:
    """Query parameters, percent-decoded; a plus sign stays one."""
    parts = (part.partition("=") for part in raw_query.split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in parts]


def refused(code: str, message: str) -> ApiError:
    """A 403 without a Type."""
    return ApiError(403, code, message, type="")


def incomplete(message: str) -> ApiError:
    """A signature that lacks something."""
    return refused("IncompleteSignatureException", message)
