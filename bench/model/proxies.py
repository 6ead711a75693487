"""Which proxy leads to a URL, as the environment says it. Pure.

There is no standard; this is what curl, Go and Python's requests have in common. NO_PROXY is a list
of `*`, names (with all names below them), IP addresses, networks such as `10.0.0.0/8`, each of them
with a port or without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxies:
    """Proxies by the scheme of what is called. Their URLs may hold a password."""

    http: str | None = field(default=None, repr=False)
    https: str | None = field(default=None, repr=False)
    exceptions: tuple[str, ...] = ()
    """The entries of NO_PROXY."""

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> Proxies:
        """Small letters win, as everywhere. Raises ValueError for a proxy of another protocol.

        HTTP_PROXY does not count in a CGI script, where a client could set it (httpoxy).
        """
        other = "" if environ.get("REQUEST_METHOD") else "HTTP_PROXY"
        return cls(
            _proxy(environ, "http_proxy", other, "all_proxy", "ALL_PROXY"),
            _proxy(environ, "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
            _entries(environ.get("no_proxy") or environ.get("NO_PROXY") or ""),
        )

    def lead_to(self, url: str) -> str | None:
        """The proxy for a URL; None for none, and for this machine itself always."""
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        proxy = self.https if parts.scheme == "https" else self.http
        if proxy is None or is_loopback(host):
            return None
        port = parts.port or _PORTS.get(parts.scheme, 0)
        excepted = any(_matches(entry, host, port) for entry in self.exceptions)
        return None if excepted else proxy


NO_PROXIES = Proxies()


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its very name: 127.0.0.0/8, ::1, localhost, *.localhost."""
    address = _address(host)
    if address is not None:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return (mapped or address).is_loopback
    return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _proxy(environ: Mapping[str, str], *names: str) -> str | None:
    for name in names:
        given = environ.get(name, "").strip() if name else ""
        if not given:
            continue
        url = given if "://" in given else f"http://{given}"
        scheme, host = _scheme_and_host(url)
        if scheme != "http" or not host:
            what = f"{scheme}://{host}"
            raise ValueError(
                f'{name} must be an HTTP proxy, such as "http://proxy:3128" (it is {what}…): '
                "lamload speaks to proxies in plain HTTP, and tunnels"
            )
        return url
    return None


def _scheme_and_host(url: str) -> tuple[str, str]:
    """No host where the URL has none, or it or its port cannot be read."""
    try:
        parts = urlsplit(url)
        host = "" if parts.port == 0 else parts.hostname or ""
    except ValueError:
        return url.partition("://")[0].lower(), ""
    return parts.scheme.lower(), host


def _entries(text: str) -> tuple[str, ...]:
    return tuple(entry for part in text.replace(",", " ").split() if (entry := part.lower()))


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, wanted_port = _split_port(entry)
    if wanted_port is not None and wanted_port != port:
        return False
    address = _address(host)
    if address is not None:
        try:
            return address in ip_network(name, strict=False)
        except ValueError:
            return False
    name = name.removeprefix("*").strip(".")
    host = host.lower()
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _split_port(entry: str) -> tuple[str, int | None]:
    """`host:8080` taken apart; an IPv6 address has its port behind brackets."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, int(rest[1:]) if rest[1:].isdigit() else None
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return (name, int(port)) if port.isdigit() else (entry, None)
    return entry, None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
