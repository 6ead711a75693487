"""AWS Signature Version 4, checked in full against known credentials.

Pure: time comes in, nothing is logged. Source: IAM guide, "Create a signed AWS API request"; error
texts as the AWS services answer them.
"""

from __future__ import annotations

import hashlib
import hmac
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from posixpath import normpath
from time import gmtime, strftime, strptime
from urllib.parse import quote

from bench.local.http.api_error import ApiError
from bench.local.http.authorization import (
    ALGORITHM,
    MISMATCH,
    Authorization,
    incomplete,
    query_pairs,
    read_authorization,
    refused,
)
from bench.local.model import HttpRequest
from bench.model.times import NS_PER_S

UNSIGNED = "UNSIGNED-PAYLOAD"
MAX_SKEW_S = 300


@dataclass(frozen=True, slots=True)
class Secret:
    """What belongs to an access key. session_token None: a long-term key, sent without one."""

    secret_key: str
    session_token: str | None = None


class Verifier:
    """Checks signatures in full. region None accepts any region, service is the one expected."""

    def __init__(self, secrets: Mapping[str, Secret], *, region: str | None = None) -> None:
        self._secrets = dict(secrets)
        self._region = region

    def check(self, request: HttpRequest, now_ns: int, service: str = "lambda") -> ApiError | None:
        """The error of a request whose signature does not hold at wall-clock now_ns, or None."""
        try:
            self._check(request, now_ns // NS_PER_S, service)
        except ApiError as error:
            return error
        return None

    def _check(self, request: HttpRequest, now_s: int, service: str) -> None:
        given = read_authorization(request)
        self._check_scope(given, service)
        self._check_time(given, now_s)
        secret = self._secrets.get(given.access_key)
        if secret is None:
            raise _unrecognized()
        _check_token(request, secret)
        _check_signed_headers(request, given)
        payload_hash = _payload_hash(request)
        expected = signature(request, given, secret.secret_key, payload_hash)
        if not hmac.compare_digest(expected, given.signature):
            raise refused("InvalidSignatureException", MISMATCH)

    def _check_scope(self, given: Authorization, service: str) -> None:
        if given.service != service:
            raise refused(
                "InvalidSignatureException",
                f"Credential should be scoped to correct service: '{service}'. ",
            )
        if self._region is not None and given.region != self._region:
            raise refused(
                "InvalidSignatureException",
                f"Credential should be scoped to a valid region, not '{given.region}'. ",
            )
        if not given.date.startswith(given.day):
            raise refused(
                "InvalidSignatureException",
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                f"from HTTP: '{given.day}' != '{given.date[:8]}', from '{given.date}'.",
            )

    def _check_time(self, given: Authorization, now_s: int) -> None:
        signed_s = _epoch_s(given.date)
        lifetime_s = MAX_SKEW_S if given.expires_s is None else given.expires_s
        if signed_s + lifetime_s < now_s:
            raise refused(
                "InvalidSignatureException",
                f"Signature expired: {given.date} is now earlier than "
                f"{_iso(now_s - lifetime_s)} ({_iso(now_s)} - {lifetime_s // 60} min.)",
            )
        if signed_s > now_s + MAX_SKEW_S:
            raise refused(
                "InvalidSignatureException",
                f"Signature not yet current: {given.date} is still later than "
                f"{_iso(now_s + MAX_SKEW_S)} ({_iso(now_s)} + {MAX_SKEW_S // 60} min.)",
            )


def signature(
    request: HttpRequest, given: Authorization, secret_key: str, payload_hash: str
) -> str:
    """The signature that a request must have, in hex."""
    scope = f"{given.day}/{given.region}/{given.service}/aws4_request"
    canonical = hashlib.sha256(_canonical_request(request, given, payload_hash).encode())
    text = f"{ALGORITHM}\n{given.date}\n{scope}\n{canonical.hexdigest()}"
    key = _signing_key(secret_key, given.day, given.region, given.service)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _canonical_request(request: HttpRequest, given: Authorization, payload_hash: str) -> str:
    """The canonical request; the path is encoded once more, as for every service but S3."""
    headers = "".join(f"{name}:{_header_value(request, name)}\n" for name in given.signed_headers)
    return "\n".join(
        (
            request.method,
            _canonical_path(request.raw_path),
            _canonical_query(request.raw_query),
            headers,
            ";".join(given.signed_headers),
            payload_hash,
        )
    )


def _canonical_path(raw_path: str) -> str:
    normal = normpath(raw_path) if raw_path else "/"
    if raw_path.endswith("/") and not normal.endswith("/"):
        normal += "/"
    return quote("/" + normal.lstrip("/"), safe="/~", errors="surrogateescape")


def _canonical_query(raw_query: str) -> str:
    pairs = [
        (quote(name, safe="~"), quote(value, safe="~"))
        for name, value in query_pairs(raw_query)
        if name != "X-Amz-Signature"
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _header_value(request: HttpRequest, name: str) -> str:
    values = (value for key, value in request.headers if key.lower() == name)
    return ",".join(" ".join(value.split()) for value in values)


def _payload_hash(request: HttpRequest) -> str:
    """What goes into the canonical request; a declared hash must be that of the body."""
    declared = request.header("x-amz-content-sha256")
    if declared == UNSIGNED:
        return declared
    actual = hashlib.sha256(request.body).hexdigest()
    if declared is not None and not hmac.compare_digest(declared.encode(), actual.encode()):
        raise refused(
            "InvalidSignatureException",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
    return actual


def _check_token(request: HttpRequest, secret: Secret) -> None:
    given = request.header("x-amz-security-token")
    if given is None:
        given = dict(query_pairs(request.raw_query)).get("X-Amz-Security-Token")
    expected = secret.session_token
    if (given is None) != (expected is None):
        raise _unrecognized()
    if not hmac.compare_digest((given or "").encode(), (expected or "").encode()):
        raise _unrecognized()


def _check_signed_headers(request: HttpRequest, given: Authorization) -> None:
    if "host" not in given.signed_headers:
        raise refused(
            "InvalidSignatureException",
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        )
    for name, _ in request.headers:
        if name.lower().startswith("x-amz-") and name.lower() not in given.signed_headers:
            raise refused(
                "InvalidSignatureException",
                f"'{name}' must be a 'SignedHeader' in the AWS Authorization.",
            )
    present = {name.lower() for name, _ in request.headers}
    missing = [name for name in given.signed_headers if name not in present]
    if missing:
        raise refused("InvalidSignatureException", MISMATCH)


@lru_cache(maxsize=64)
def _signing_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _epoch_s(date: str) -> int:
    try:
        return timegm(strptime(date, "%Y%m%dT%H%M%SZ"))
    except ValueError as error:
        raise incomplete("Date must be in ISO-8601 'basic format'.") from error


def _iso(epoch_s: int) -> str:
    return strftime("%Y%m%dT%H%M%SZ", gmtime(epoch_s))


def _unrecognized() -> ApiError:
    return refused(
        "UnrecognizedClientException", "The security token included in the request is invalid."
    )
