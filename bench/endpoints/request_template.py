"""Requests of which everything is encoded once, but the body and what depends on it.

httpx validates and encodes method, URL and headers; from then on a request is four pieces of bytes
put together. The last one is kept: a constant event costs one comparison.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping

import httpx

from bench import __version__
from bench.aws.sigv4 import PreparedSignature, Signer, payload_hash
from bench.endpoints.base import Head
from bench.endpoints.responses import REQUEST_IDS, pick, request_id_of
from bench.errors import TargetError

USER_AGENT = f"lamload/{__version__}"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST = re.compile(rb"[0-9A-Za-z._:-]+")
_NOT_IN_VALUE = re.compile(r"[^\t\x20-\x7e]")
_KEPT_HASHES = 8
_LARGE_BYTES = 4096
"""To hash less costs no more than to look for it among what is kept."""
_IDS = frozenset(REQUEST_IDS)


class CompiledRequest:
    """One request in all its variations.

    sends_body False leaves the event out, as requests without content have it. signer None sends
    no signature of its own; `headers` may carry an Authorization. Raises TargetError for a URL or
    header that HTTP cannot carry.
    """

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        signer: Signer | None = None,
        *,
        sends_body: bool = True,
    ) -> None:
        parsed = _checked_url(url)
        _check_headers(method, headers)
        request = httpx.Request(method.upper(), parsed, headers=_full_headers(parsed, headers))
        self.origin = _origin_of(parsed)
        self._bodiless = not sends_body
        self._head = _encoded_head(request)
        self._signature = _prepared(signer, request)
        self._event: bytes | None = None
        self._second = -1
        self._bytes = b""
        self._hashes: dict[bytes, bytes] = {}

    def encode(self, event: bytes, epoch_s: int) -> bytes:
        """The request with this body, signed for this second."""
        if event is self._event and (self._signature is None or epoch_s == self._second):
            return self._bytes
        self._event, self._second = event, epoch_s
        body = b"" if self._bodiless else event
        lines = self._body_lines(body)
        if self._signature is not None:
            lines += self._signature.lines(self._hash(body), epoch_s)
        self._bytes = b"".join((self._head, lines, b"\r\n", body))
        return self._bytes

    def _body_lines(self, body: bytes) -> bytes:
        return b"" if self._bodiless else b"Content-Length: %d\r\n" % len(body)

    def _hash(self, body: bytes) -> bytes:
        """Hashes of the latest large bodies are kept: megabytes take milliseconds."""
        if len(body) < _LARGE_BYTES:
            return payload_hash(body)
        kept = self._hashes.get(body)
        if kept is None:
            if len(self._hashes) >= _KEPT_HASHES:
                self._hashes.clear()
            kept = self._hashes[body] = payload_hash(body)
        return kept


class CompiledEndpoint:
    """What every endpoint over HTTP has in common: all but the reading of answers."""

    def __init__(self, request: CompiledRequest, answer_limit: int) -> None:
        self.origin = request.origin
        self.answer_limit = self.body_limit = answer_limit
        self.request = request.encode

    def request_id(self, head: Head) -> str:
        """The server's id of the request, or '' for none that can be printed."""
        return request_id_of(pick(head, _IDS))


def _origin_of(url: httpx.URL) -> str:
    """`scheme://host:port`, always with the port; IPv6 addresses in brackets."""
    host = url.raw_host.decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    return f"{url.scheme}://{host}:{url.port or _DEFAULT_PORTS[url.scheme]}"


def _checked_url(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise TargetError(f"{url!r} is not a URL: {error}") from None
    if parsed.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(parsed.raw_host):
        raise TargetError(f"{url!r} must start with http:// or https:// and a host")
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise TargetError(f"{url!r} has port {parsed.port}, which must be 1 to 65535")
    return parsed


def _check_headers(method: str, headers: Mapping[str, str]) -> None:
    if not _TOKEN.fullmatch(method):
        raise TargetError(f"{method!r} is not an HTTP method")
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise TargetError(f"{name!r} is not the name of an HTTP header")
        if _NOT_IN_VALUE.search(value):
            raise TargetError(f"header {name} may only have printable ASCII as its value")


def _full_headers(url: httpx.URL, headers: Mapping[str, str]) -> dict[str, str]:
    given = {name.lower() for name in headers}
    full: dict[str, str] = {}
    if "user-agent" not in given:
        full["User-Agent"] = USER_AGENT
    if "accept" not in given:
        full["Accept"] = "*/*"
    if url.userinfo and "authorization" not in given:
        user = f"{url.username}:{url.password}".encode()
        full["Authorization"] = f"Basic {b64encode(user).decode('ascii')}"
    return full | dict(headers)


def _encoded_head(request: httpx.Request) -> bytes:
    """Request line and headers, but for those that frame the body: its length is known later."""
    lines = [b"%s %s HTTP/1.1\r\n" % (request.method.encode("ascii"), request.url.raw_path)]
    for name, value in request.headers.raw:
        if name.lower() not in (b"content-length", b"transfer-encoding"):
            lines.append(b"%s: %s\r\n" % (name, value))
    return b"".join(lines)


def _prepared(signer: Signer | None, request: httpx.Request) -> PreparedSignature | None:
    if signer is None:
        return None
    signed = [
        (name, value)
        for name, value in request.headers.items()
        if name == "host" or name == "content-type" or name.startswith("x-amz-")
    ]
    return signer.prepare(request.method, str(request.url), signed)
