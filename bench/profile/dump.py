"""A profile written out again, with nothing left to defaults: it runs as it stands, anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bench.model.profile import EventKind, EventSpec, Phase, Profile, Target
from bench.profile.events import EVENT_KEYS
from bench.units import write_duration, write_quantile, write_rates, write_share, write_usd

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_Keys = Mapping[str, Any]


def resolved_toml(profile: Profile) -> str:
    """TOML of the whole profile: paths absolute, overrides applied, the question on top.

    load_profile makes an equal profile of it (but for `source`).
    """
    parts = ["".join(f"# {line}".rstrip() + "\n" for line in _question(profile))]
    parts.append(_keys({"name": profile.name, "title": profile.title}))
    parts.append("[target]\n" + _keys(_target(profile.target)))
    parts += ["[[variants]]\n" + _keys(_variant(variant)) for variant in profile.variants]
    parts.append("[load]\n" + _keys(_load(profile)))
    parts += ["[[phase]]\n" + _keys(_phase(phase)) for phase in profile.phases]
    for name, keys in _sections(profile).items():
        if keys:
            parts.append(f"[{name}]\n" + _keys(keys))
    return "\n".join(part for part in parts if part)


def write_value(value: Any) -> str:
    """A value as TOML on one line. Tables are inline."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {write_value(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(write_value, value))}]"
    if isinstance(value, float):
        return repr(value) if "e" not in repr(value) else _exponent(repr(value))
    return str(value)


def _exponent(text: str) -> str:
    """TOML wants digits around a point, Python writes `1e-07`."""
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}"


def _string(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\u{ord(char):04X}" if char < " " or char == "\x7f" else char


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _keys(keys: _Keys) -> str:
    """A line per key that is set."""
    return "".join(
        f"{_key(name)} = {write_value(value)}\n"
        for name, value in keys.items()
        if value is not None
    )


def _question(profile: Profile) -> list[str]:
    return profile.question.split("\n") if profile.question else []


def _target(target: Target) -> _Keys:
    mixed = len(target.events) > 1 or target.events[0].weight != 1.0
    events = [_event(spec) | {"weight": spec.weight} for spec in target.events]
    return {
        "kind": target.kind.value,
        "function": target.function,
        "handler": target.handler,
        "region": target.region,
        "qualifier": target.qualifier,
        **({"events": events} if mixed else _event(target.events[0])),
        "urls": {kind.value: url for kind, url in target.urls.items()} or None,
        "method": target.http_method,
        "path": target.http_path,
        "headers": target.http_headers or None,
        "timeout": _seconds(target.timeout_s),
        "concurrency": target.concurrency,
        "faults": list(target.faults) or None,
        "log_tail": target.log_tail,
        "client_context": target.client_context,
        "environment": target.environment or None,
    }


def _seconds(seconds: float | None) -> str | None:
    return None if seconds is None else write_duration(round(seconds * 1e9))


def _event(spec: EventSpec) -> dict[str, Any]:
    key = next(name for name, kind in EVENT_KEYS.items() if kind is spec.kind)
    if spec.kind is EventKind.FILE:
        return {key: spec.path}
    if spec.kind is EventKind.FEED:
        return {key: {"file": spec.path, **spec.options} if spec.options else spec.path}
    if spec.kind is EventKind.GENERATOR and spec.options:
        return {key: {"name": spec.value, **spec.options}}
    if spec.kind is EventKind.TEMPLATE and spec.options:
        rows = dict(spec.options)
        return {key: spec.value, "event_feed": {"file": rows.pop("feed"), **rows}}
    return {key: spec.value}


def _variant(variant: Any) -> _Keys:
    return {
        "endpoint": variant.endpoint.value,
        "memory_mb": variant.memory_mb,
        "architecture": variant.architecture.value,
    }


def _load(profile: Profile) -> _Keys:
    load = profile.load
    return {
        "arrivals": load.arrivals.value,
        "order": load.order.value,
        "rounds": load.rounds,
        "seed": load.seed,
        "in_flight": load.in_flight,
        "callers": load.callers,
        "think": write_duration(load.think_ns) if load.think_ns else None,
        "workers": load.workers,
    }


def _phase(phase: Phase) -> _Keys:
    is_rate = phase.start_callers is None and phase.burst is None and phase.replay is None
    return {
        "name": phase.name,
        "rate": write_rates(phase.start_rps, phase.end_rps) if is_rate else None,
        "callers": _callers(phase),
        "burst": phase.burst,
        "every": write_duration(phase.every_ns) if phase.every_ns else None,
        "replay": phase.replay_path,
        "column": phase.replay_column,
        "speed": phase.replay_speed if phase.replay_path else None,
        "steps": phase.steps if phase.steps > 1 else None,
        "duration": write_duration(phase.duration_ns),
        "measured": phase.measured,
    }


def _callers(phase: Phase) -> int | str | None:
    if phase.start_callers == phase.end_callers:
        return phase.start_callers
    return f"{phase.start_callers}..{phase.end_callers}"


def _sections(profile: Profile) -> Mapping[str, _Keys]:
    """The tables behind the phases; an empty one is left out."""
    return {
        "capacity": _capacity(profile),
        "timeout": {
            "connect": write_duration(profile.timeouts.connect_ns),
            "first_byte": write_duration(profile.timeouts.first_byte_ns),
            "total": write_duration(profile.timeouts.total_ns),
        },
        "retry": _retry(profile),
        "breaker": _breaker(profile),
        "connections": _connections(profile),
        "slo": {slo.name: slo.text for slo in profile.slos},
        "record": {"attempts": profile.record_attempts},
        "limits": _limits(profile),
        "stop": _stop(profile),
    }


def _capacity(profile: Profile) -> _Keys:
    spec = profile.capacity
    if spec is None:
        return {}
    return {
        "start": write_rates(spec.start_rps, spec.start_rps),
        "max": write_rates(spec.max_rps, spec.max_rps),
        "holds": f"{write_quantile(spec.q)} < {write_duration(spec.limit_ns)}",
        "error_rate": write_share(spec.error_rate),
        "throttle_rate": write_share(spec.throttle_rate),
        "step": write_duration(spec.step_ns),
        "settle": write_duration(spec.settle_ns),
        "hold": write_duration(spec.hold_ns),
        "precision": write_share(spec.precision),
    }


def _retry(profile: Profile) -> _Keys:
    retry = profile.retry
    found: dict[str, Any] = {"policy": retry.policy.value, "max_attempts": retry.max_attempts}
    if retry.policy.facts.delays is None:
        found |= {"base": write_duration(retry.base_ns), "cap": write_duration(retry.cap_ns)}
    found |= {
        "on": [outcome.name.lower() for outcome in sorted(retry.on)],
        "honour_retry_after": retry.honour_retry_after,
    }
    if retry.budget is not None:
        floor_rps = retry.budget.floor_rps
        found["budget"] = write_share(retry.budget.share)
        found["budget_floor"] = write_rates(floor_rps, floor_rps)
    return found


def _breaker(profile: Profile) -> _Keys:
    breaker = profile.breaker
    if breaker is None:
        return {}
    return {
        "error_rate": write_share(breaker.error_rate),
        "window": write_duration(breaker.window_ns),
        "min_attempts": breaker.min_attempts,
        "open": write_duration(breaker.open_ns),
        "probes": breaker.probes,
        "on": [outcome.name.lower() for outcome in sorted(breaker.on)],
    }


def _connections(profile: Profile) -> _Keys:
    kept = profile.connections
    return {
        "keep_alive": kept.keep_alive,
        "max_age": write_duration(kept.max_age_ns),
        "max_uses": kept.max_uses,
        "resolve_every": write_duration(kept.resolve_every_ns),
        "verify_tls": kept.verify_tls,
        "ca_bundle": kept.ca_bundle,
        "server_name": kept.server_name,
        "http2": kept.http2,
        "proxy": kept.proxy,
    }


def _limits(profile: Profile) -> _Keys:
    spend = profile.max_spend_usd
    return {} if spend is None else {"max_spend": write_usd(spend)}


def _stop(profile: Profile) -> _Keys:
    stop = profile.stop
    set_keys = {
        "after": None if stop.after_ns is None else write_duration(stop.after_ns),
        "invocations": stop.invocations,
        "spend": None if stop.spend_usd is None else write_usd(stop.spend_usd),
        "error_rate": None if stop.error_rate is None else write_share(stop.error_rate),
    }
    if stop.precision is not None:
        set_keys |= {
            "precision": write_share(stop.precision),
            "percentile": write_quantile(stop.precision_q),
            "confidence": write_share(stop.confidence),
        }
    return {key: value for key, value in set_keys.items() if value is not None}
