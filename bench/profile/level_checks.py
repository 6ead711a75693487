"""Levels of a factor that have no meaning beside what else a profile says: a check a factor."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.function_folder import RUNTIME, RUNTIMES
from bench.model.profile import CLOSE, HTTP2, KEEP_ALIVE, Target, TargetKind
from bench.model.variant import ON_DEMAND, PROVISIONED, SNAP_START
from bench.profile.levels import PLAIN
from bench.schema.table import Table


def meaningless(root: Table, target: Target, factor: str, level: str) -> str | None:
    """Why a level has no meaning beside what else the profile says; None if it has one."""
    check = _CHECKS.get(factor)
    return None if check is None else check(root, target, level)


def _runtime(_root: Table, target: Target, level: str) -> str | None:
    if level == PLAIN:
        return None
    if target.kind is not TargetKind.LOCAL:
        return "can be varied for a local target alone: leave it out"
    if not RUNTIME.fullmatch(level):
        return f'must be one of {RUNTIMES} (it is "{level}")'
    return None


def _qualifier(_root: Table, target: Target, _level: str) -> str | None:
    if target.kind is not TargetKind.LOCAL:
        return None
    return "has no meaning for a local target, which has a function for each variant: leave it out"


def _initialization(_root: Table, target: Target, level: str) -> str | None:
    if level == PLAIN:
        return None
    if level not in (ON_DEMAND, PROVISIONED, SNAP_START):
        return f'must be "{ON_DEMAND}", "{PROVISIONED}" or "{SNAP_START}" (it is "{level}")'
    if target.kind is TargetKind.HTTP:
        return (
            'has no meaning for a target of kind "http", whose environments nobody here knows: '
            "leave it out"
        )
    if target.kind is TargetKind.AWS:
        return None
    if level == SNAP_START:
        return "cannot be snapstart for a local target, which takes no snapshots: use one on AWS"
    if level == PROVISIONED and target.provisioned is None:
        return "needs target.provisioned, the number of environments to keep up"
    return None


def _event(root: Table, _target: Target, _level: str) -> str | None:
    if "events" not in root.table("target"):
        return None
    return (
        "cannot be varied beside target.events, the mix that every variant is sent: leave one of "
        "them out"
    )


def _connections(root: Table, target: Target, level: str) -> str | None:
    if level not in (KEEP_ALIVE, CLOSE, HTTP2, PLAIN):
        return f'must be "{KEEP_ALIVE}", "{CLOSE}", "{HTTP2}" or "{PLAIN}" (it is "{level}")'
    if level != HTTP2:
        return None
    plain = root.get("connections")
    limits = [key for key in ("max_age", "max_uses") if isinstance(plain, dict) and key in plain]
    if any(plain[key] not in (0, "0s") for key in limits):
        return (
            f"cannot be http2 beside connections.{limits[0]}, which is for HTTP/1.1: leave one of "
            "them out"
        )
    urls = target.urls.values()
    if target.kind is TargetKind.LOCAL or any(not url.startswith("https:") for url in urls):
        return "cannot be http2 where nothing is called by https: leave http2 out"
    return None


_CHECKS: Mapping[str, Callable[[Table, Target, str], str | None]] = {
    "runtime": _runtime,
    "qualifier": _qualifier,
    "initialization": _initialization,
    "event": _event,
    "connections": _connections,
}
