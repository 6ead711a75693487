"""How attempts reach the target: [timeout] and [connections]."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.model.profile import Connections, Timeouts
from bench.profile.target_values import proxy_url, without_password
from bench.schema.files import existing_file
from bench.schema.key import Key, values
from bench.schema.quantities import duration, span
from bench.schema.section import Section
from bench.schema.table import Table
from bench.schema.values import flag, located, narrowed, text, whole
from bench.units import shown

_TIMEOUTS = Timeouts()
TIMEOUT = Section(
    "timeout",
    (
        Key("connect", "DNS, TCP and TLS", span, _TIMEOUTS.connect_ns, fills="connect_ns"),
        Key(
            "first_byte",
            "from the first byte sent to the first received",
            span,
            _TIMEOUTS.first_byte_ns,
            fills="first_byte_ns",
        ),
        Key(
            "total",
            "from the first byte sent to the last received",
            span,
            _TIMEOUTS.total_ns,
            fills="total_ns",
        ),
    ),
    meaning="of each attempt",
)


def _certificates(value: Any, base_dir: Path) -> str:
    """A path of a file with at least one PEM certificate."""
    path = existing_file.read_in(value, base_dir)
    # Imported here: it takes longer than everything else that a profile needs.
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:
        raise ValueError(f"must hold certificates in PEM form ({path} holds none)") from None
    return path


def _proxy(address: str) -> str:
    """The URL of a proxy that is spoken to in plain HTTP."""
    if not address.startswith("http://"):
        raise ValueError(
            'must be an HTTP proxy, such as "http://proxy:3128" '
            f"(it is {shown(without_password(address))})"
        )
    return address


_CONNECTIONS = Connections()
CONNECTIONS = Section(
    "connections",
    (
        Key("keep_alive", "`false`: a connection for each attempt", flag, _CONNECTIONS.keep_alive),
        Key(
            "max_age",
            "after which a connection is replaced, until then it stays at its address; 0 is "
            "without limit; not with `http2`",
            duration,
            _CONNECTIONS.max_age_ns,
            fills="max_age_ns",
        ),
        Key(
            "max_uses",
            "attempts after which a connection is replaced; 0 is without limit; not with `http2`",
            whole(0, 2**31),
            _CONNECTIONS.max_uses,
        ),
        Key(
            "resolve_every",
            "how often a name is looked up again, also while connections are kept; its addresses "
            "are used in turn, those that it gives up are left, and one that refuses, or says "
            "nothing for 250 ms while another is connected, is passed over until then",
            duration,
            _CONNECTIONS.resolve_every_ns,
            fills="resolve_every_ns",
        ),
        Key("verify_tls", "whether certificates are verified", flag, _CONNECTIONS.verify_tls),
        Key(
            "ca_bundle",
            "a file with the certificates to trust instead of the system's",
            located(_certificates, existing_file.schema),
            None,
            cell="the environment's",
        ),
        Key("server_name", "the name to ask for in TLS", text, None),
        Key(
            "http2",
            "HTTP/2 through httpx (`pip install 'lamload[http2]'`), at a much lower top rate",
            flag,
            _CONNECTIONS.http2,
        ),
        Key(
            "proxy",
            'URL of an HTTP proxy that grants CONNECT: `"http://proxy:3128"`, or '
            '`"http://user:${PROXY_PASSWORD}@proxy:3128"`',
            narrowed(proxy_url, _proxy, {"pattern": "^http://"}),
            None,
            cell="the environment's",
        ),
    ),
)


def read_timeouts(table: Table) -> Timeouts:
    """The [timeout] table. A limit that is not given gives way to one that is."""
    found = Timeouts(**values(table, TIMEOUT))
    if "first_byte" not in table:
        found = replace(found, first_byte_ns=min(found.first_byte_ns, found.total_ns))
    if "total" not in table:
        found = replace(found, total_ns=max(found.total_ns, found.first_byte_ns))
    elif found.total_ns < found.first_byte_ns and not table.is_noted("first_byte"):
        table.fault("total", "must be at least first_byte, which is a part of it")
    return found


def read_connections(table: Table) -> Connections:
    """What the [connections] table asks for; its mistakes are noted in it."""
    found = Connections(**values(table, CONNECTIONS))
    if found.http2 and "keep_alive" in table and not found.keep_alive:
        table.fault("keep_alive", "cannot be false with http2, which shares connections")
    for key, limit in (("max_age", found.max_age_ns), ("max_uses", found.max_uses)):
        if found.http2 and limit:
            table.fault(key, "is for HTTP/1.1, not for http2: leave one of them out")
    if found.ca_bundle is not None and "verify_tls" in table and not found.verify_tls:
        table.fault("ca_bundle", "is never looked at with verify_tls = false: leave one out")
    return found
