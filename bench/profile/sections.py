"""The small sections of a profile: timeouts, connections, thresholds, limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.model.profile import CapacitySpec, Connections, Slo, StopSpec, Timeouts, Variant
from bench.profile.events import existing_file
from bench.profile.target import read_url
from bench.schema.table import Table
from bench.schema.values import Reader, above_zero, flag, text, whole
from bench.stats.thresholds import check_selector, parse_slo
from bench.units import read_duration_ns, read_quantile, read_rate_rps, read_share, read_usd, shown

_HOLDS = re.compile(r"\s*(p[\d.]+)\s*<\s*(\S.*?)\s*")


def read_timeouts(table: Table) -> Timeouts:
    """The [timeout] table. A limit that is not given gives way to one that is."""
    default = Timeouts()
    read = above_zero(read_duration_ns)
    total_ns = table.read("total", read, default.total_ns)
    first_ns = table.read("first_byte", read, min(default.first_byte_ns, total_ns))
    if "total" not in table:
        total_ns = max(total_ns, first_ns)
    elif "first_byte" in table and total_ns < first_ns:
        table.fault("total", "must be at least first_byte, which is a part of it")
    return Timeouts(table.read("connect", read, default.connect_ns), first_ns, total_ns)


def read_connections(table: Table, base_dir: Path) -> Connections:
    """The [connections] table."""
    default = Connections()
    found = Connections(
        keep_alive=table.read("keep_alive", flag, default.keep_alive),
        max_age_ns=table.read("max_age", read_duration_ns, default.max_age_ns),
        max_uses=table.read("max_uses", whole(0, 2**31), default.max_uses),
        resolve_every_ns=table.read("resolve_every", read_duration_ns, default.resolve_every_ns),
        verify_tls=table.read("verify_tls", flag, default.verify_tls),
        ca_bundle=table.read("ca_bundle", _certificates(base_dir), None),
        server_name=table.read("server_name", text, None),
        http2=table.read("http2", flag, default.http2),
        proxy=table.read("proxy", _read_proxy, None),
    )
    if found.http2 and "keep_alive" in table and not found.keep_alive:
        table.fault("keep_alive", "cannot be false with http2, which shares connections")
    for key, limit in (("max_age", found.max_age_ns), ("max_uses", found.max_uses)):
        if found.http2 and limit:
            table.fault(key, "is for HTTP/1.1, not for http2: leave one of them out")
    if found.ca_bundle is not None and "verify_tls" in table and not found.verify_tls:
        table.fault("ca_bundle", "is never looked at with verify_tls = false: leave one out")
    return found


def _certificates(base_dir: Path) -> Reader[str]:
    """A reader of paths to files with at least one PEM certificate."""
    existing = existing_file(base_dir)

    def read(value: Any) -> str:
        path = existing(value)
        # Imported here: it takes longer than everything else that a profile needs.
        import ssl

        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except OSError:
            raise ValueError(f"must hold certificates in PEM form ({path} holds none)") from None
        return path

    return read


def _read_proxy(value: Any) -> str:
    """The URL of a proxy that is spoken to in plain HTTP."""
    url = read_url(value)
    if not url.startswith("http://"):
        raise ValueError(f'must be an HTTP proxy, such as "http://proxy:3128" (it is {shown(url)})')
    return url


def read_slos(root: Table, variants: Sequence[Variant]) -> tuple[Slo, ...]:
    """The [slo] table: name = threshold."""

    def rule(value: Any) -> str:
        threshold = parse_slo(text(value))
        if variants:
            check_selector(threshold, variants)
        return text(value)

    return tuple(Slo(name, found) for name, found in root.named("slo", rule).items())


def read_stop(table: Table) -> StopSpec:
    """The [stop] table."""
    default = StopSpec()
    precision = table.read("precision", _share_within, None)
    for key in ("percentile", "confidence"):
        if key in table and "precision" not in table:
            table.fault(key, 'is for precision: set precision = "3%" too')
    return StopSpec(
        after_ns=table.read("after", above_zero(read_duration_ns), None),
        invocations=table.read("invocations", whole(1, 2**53), None),
        spend_usd=table.read("spend", read_usd, None),
        error_rate=table.read("error_rate", read_share, None),
        precision=precision,
        precision_q=table.read("percentile", read_quantile, default.precision_q),
        confidence=table.read("confidence", _share_within, default.confidence),
    )


def read_capacity(table: Table) -> CapacitySpec:
    """The [capacity] table."""
    default = CapacitySpec(1.0, 1.0, 1)
    start_rps = table.read("start", read_rate_rps, 1.0, missing='say where to begin, as "10/s"')
    max_rps = table.read("max", read_rate_rps, start_rps, missing='say where to end, as "1000/s"')
    if {"start", "max"} <= {
        key for key in ("start", "max") if key in table
    } and max_rps < start_rps:
        table.fault("max", "must be at least start")
    q, limit_ns = table.read(
        "holds", read_holds, (default.q, 1), missing='say what must hold, such as "p99 < 300ms"'
    )
    spec = CapacitySpec(
        start_rps=start_rps,
        max_rps=max_rps,
        limit_ns=limit_ns,
        q=q,
        error_rate=table.read("error_rate", read_share, default.error_rate),
        throttle_rate=table.read("throttle_rate", read_share, default.throttle_rate),
        step_ns=table.read("step", above_zero(read_duration_ns), default.step_ns),
        settle_ns=table.read("settle", read_duration_ns, default.settle_ns),
        hold_ns=table.read("hold", above_zero(read_duration_ns), default.hold_ns),
    )
    return replace(spec, precision=table.read("precision", _share_within, default.precision))


def read_holds(value: Any) -> tuple[float, int]:
    """`"p99 < 300ms"` as (0.99, 300_000_000)."""
    match = _HOLDS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'must be a limit such as "p99 < 300ms" (it is {shown(value)})')
    return read_quantile(match[1]), above_zero(read_duration_ns)(match[2])


def _share_within(value: Any) -> float:
    """A share above 0 % and below 100 %."""
    share = read_share(value)
    if not 0 < share < 1:
        raise ValueError(f"must be above 0% and below 100% (it is {shown(value)})")
    return share
