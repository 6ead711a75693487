"""AWS Signature Version 4, with everything kept that does not change from request to request.

Per request remain one SHA-256 of the payload, one of the canonical request and one HMAC. Checked
against botocore in the tests. Source: AWS General Reference, "Create a signed AWS API request".
Pure: the time comes in as an argument.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from hmac import digest
from time import gmtime, strftime
from urllib.parse import quote, unquote, urlsplit

from bench.aws.credentials import Credentials
from bench.lambda_facts import TRACE_HEADER

Header = tuple[str, str]

_ALGORITHM = "AWS4-HMAC-SHA256"
_DATE = "x-amz-date"
_UNSIGNED = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        TRACE_HEADER.lower(),
    }
)
"""Headers that a proxy may change, or that the wire adds: left out of the signature."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Signer:
    """Signs for one service in one region."""

    def __init__(self, credentials: Credentials, region: str, service: str) -> None:
        self._credentials = credentials
        self._place = f"{region}/{service}/aws4_request"
        self._region, self._service = region, service
        self._date = ""
        self._key = b""

    def sign(
        self, method: str, url: str, headers: Iterable[Header], body: bytes, epoch_s: int
    ) -> tuple[Header, ...]:
        """The headers to add: X-Amz-Date, X-Amz-Security-Token if there is one, Authorization."""
        lines = self.prepare(method, url, headers).lines(payload_hash(body), epoch_s)
        pairs = (line.split(": ", 1) for line in lines.decode("ascii").splitlines())
        return tuple((name, value) for name, value in pairs)

    def prepare(self, method: str, url: str, headers: Iterable[Header]) -> PreparedSignature:
        """All of the work that the payload and the time have no part in."""
        parts = urlsplit(url)
        values = _canonical_values(headers)
        values.setdefault("host", canonical_host(url))
        token = self._credentials.session_token
        if token:
            values["x-amz-security-token"] = token
        values[_DATE] = _DATE
        names = sorted(values)
        cut = names.index(_DATE)
        head = [method.upper(), _canonical_path(parts.path), _canonical_query(parts.query)]
        head += [f"{name}:{values[name]}" for name in names[:cut]]
        tail = [f"{name}:{values[name]}" for name in names[cut + 1 :]]
        tail += ["", ";".join(names), ""]
        return PreparedSignature(
            self,
            before_date="\n".join([*head, f"{_DATE}:"]).encode(),
            after_date="\n".join(["", *tail]).encode(),
            token_line=f"X-Amz-Security-Token: {token}\r\n" if token else "",
            authorization=(
                f"Authorization: {_ALGORITHM} "
                f"Credential={self._credentials.access_key}/%s/{self._place}, "
                f"SignedHeaders={';'.join(names)}, Signature="
            ),
        )

    def scope(self, date: str) -> str:
        """Credential scope of a day, `20260131/us-east-1/lambda/aws4_request`."""
        return f"{date}/{self._place}"

    def key(self, date: str) -> bytes:
        """Signing key of a day; the last one is kept."""
        if date != self._date:
            key = b"AWS4" + self._credentials.secret_key.encode()
            for part in (date, self._region, self._service, "aws4_request"):
                key = digest(key, part.encode(), "sha256")
            self._date, self._key = date, key
        return self._key


_BLOCK_BYTES = 64
"""Of SHA-256."""
_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))


class PreparedSignature:
    """The signature of one method, URL and set of headers, for any payload and time."""

    __slots__ = (
        "_after_date",
        "_authorization",
        "_before_date",
        "_canonical",
        "_head_lines",
        "_inner",
        "_outer",
        "_second",
        "_signer",
        "_token_line",
    )

    def __init__(
        self,
        signer: Signer,
        *,
        before_date: bytes,
        after_date: bytes,
        token_line: str,
        authorization: str,
    ) -> None:
        self._signer = signer
        self._before_date, self._after_date = before_date, after_date
        self._token_line, self._authorization = token_line, authorization
        self._second = -1
        self._canonical = self._inner = self._outer = sha256()
        self._head_lines = b""

    def lines(self, payload_sha256: bytes, epoch_s: int) -> bytes:
        """Header lines to add, each with its CRLF. payload_sha256 in hex, see `payload_hash`."""
        if epoch_s != self._second:
            self._turn_to(epoch_s)
        canonical = self._canonical.copy()
        canonical.update(payload_sha256)
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(canonical.hexdigest().encode())
        outer.update(inner.digest())
        return self._head_lines + outer.hexdigest().encode() + b"\r\n"

    def _turn_to(self, epoch_s: int) -> None:
        moment = strftime("%Y%m%dT%H%M%SZ", gmtime(epoch_s))
        date = moment[:8]
        self._second = epoch_s
        self._canonical = sha256(self._before_date + moment.encode() + self._after_date)
        # HMAC (RFC 2104) as far as it is the same for the whole second: the block of the key in
        # both of its hashes, and what begins the string to sign.
        block = self._signer.key(date).ljust(_BLOCK_BYTES, b"\0")
        string_head = f"{_ALGORITHM}\n{moment}\n{self._signer.scope(date)}\n".encode()
        self._inner = sha256(block.translate(_INNER_PAD) + string_head)
        self._outer = sha256(block.translate(_OUTER_PAD))
        authorization = self._authorization.replace("/%s/", f"/{date}/", 1)
        self._head_lines = f"X-Amz-Date: {moment}\r\n{self._token_line}{authorization}".encode()


def payload_hash(body: bytes) -> bytes:
    """SHA-256 of a payload in hex."""
    return sha256(body).hexdigest().encode()


def canonical_host(url: str) -> str:
    """The Host header of a URL: with the port unless it is the scheme's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"


def _canonical_path(path: str) -> str:
    """The path as every service but S3 wants it: dot segments resolved, then encoded once more."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    resolved = "/" + "/".join(kept)
    if kept and path.endswith("/"):
        resolved += "/"
    return quote(resolved, safe="/~")


def _canonical_query(query: str) -> str:
    """Pairs sorted by name and value, each encoded strictly."""
    parts = (part.partition("=") for part in query.split("&") if part)
    pairs = sorted((_encoded(name), _encoded(value)) for name, _, value in parts)
    return "&".join(f"{name}={value}" for name, value in pairs)


def _encoded(text: str) -> str:
    return quote(unquote(text), safe="-_.~")


def _canonical_values(headers: Iterable[Header]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in headers:
        name, value = name.lower(), " ".join(value.split())
        if name not in _UNSIGNED:
            values[name] = f"{values[name]},{value}" if name in values else value
    return values
