"""Every key that a profile can have, by section. What is not here is a mistake of the profile's."""

from __future__ import annotations

from difflib import get_close_matches

KEYS: dict[str, tuple[str, ...]] = {
    "": (
        "name",
        "title",
        "target",
        "variants",
        "load",
        "phase",
        "capacity",
        "timeout",
        "retry",
        "breaker",
        "connections",
        "slo",
        "record",
        "limits",
        "stop",
    ),
    "target": (
        "kind",
        "function",
        "handler",
        "region",
        "qualifier",
        "event",
        "event_file",
        "event_template",
        "event_feed",
        "event_generator",
        "events",
        "url",
        "urls",
        "method",
        "path",
        "headers",
        "timeout",
        "concurrency",
        "faults",
        "log_tail",
        "client_context",
        "environment",
    ),
    "target.events": (
        "event",
        "event_file",
        "event_template",
        "event_feed",
        "event_generator",
        "weight",
    ),
    "variants": ("endpoint", "memory_mb", "architecture"),
    "load": (
        "arrivals",
        "order",
        "rounds",
        "seed",
        "in_flight",
        "callers",
        "think",
        "workers",
    ),
    "phase": (
        "name",
        "rate",
        "steps",
        "callers",
        "burst",
        "every",
        "replay",
        "column",
        "speed",
        "duration",
        "measured",
    ),
    "capacity": (
        "start",
        "max",
        "holds",
        "error_rate",
        "throttle_rate",
        "step",
        "settle",
        "hold",
        "precision",
    ),
    "timeout": ("connect", "first_byte", "total"),
    "retry": (
        "policy",
        "max_attempts",
        "base",
        "cap",
        "on",
        "honour_retry_after",
        "budget",
        "budget_floor",
    ),
    "breaker": ("error_rate", "window", "min_attempts", "open", "probes", "on"),
    "connections": (
        "keep_alive",
        "max_age",
        "max_uses",
        "resolve_every",
        "verify_tls",
        "ca_bundle",
        "server_name",
        "http2",
        "proxy",
    ),
    "record": ("attempts",),
    "limits": ("max_spend",),
    "stop": (
        "after",
        "invocations",
        "spend",
        "error_rate",
        "precision",
        "percentile",
        "confidence",
    ),
}
"""Section -> keys. A section is a table of the profile, '' its top level; `variants`, `phase` and
`target.events` are arrays of tables. Keys of `slo`, `target.urls`, `target.headers` and
`target.environment` are free names."""


def unknown_key(section: str, key: str) -> str:
    """What to say of a key that its section does not have, with the likely mend."""
    known = KEYS[section]
    here = f"[{section}]" if section else "a profile"
    close = get_close_matches(key.lower().replace("-", "_"), known, 1)
    if close:
        return f"is not a key of {here}; did you mean {close[0]}?"
    homes = [other for other, keys in KEYS.items() if key in keys]
    if homes:
        return f"is not a key of {here}; it belongs {_home(homes[0])}"
    return f"is not a key of {here}; its keys are {', '.join(known)}"


def _home(section: str) -> str:
    return f"in [{section}]" if section else "at the top of the profile, before the first table"
