"""An embedded Lambda on each node of a fleet: started there, beside the workers that call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Protocol

from bench.aws.credentials import Credentials
from bench.load.targets.late_work import LATE_SUCCESSES
from bench.load.targets.own_functions import Folders
from bench.model.load import Binding, Shift, Turn
from bench.model.profile import Target, Variant


class TargetHost(Protocol):
    """A fleet whose nodes can run a target each."""

    async def open_targets(
        self, target: Target, variants: Sequence[Variant], folders: Folders
    ) -> tuple[Binding, ...]:
        """Start one on each node; the bindings of the first. Raises LamloadError."""

    async def expect(self, turns: Sequence[Turn], shifts: Sequence[Shift] = ()) -> None:
        """Have each know the turns, whose instants are of the coordinator's clock."""

    async def target_statistics(self) -> dict[str, Any]:
        """What each counted, and what can be added up of it; {} where none tells."""


class PerNodeTarget:
    """The embedded Lambdas of a fleet's nodes, which end with them."""

    label = "LOCAL on each node"
    credentials: Credentials | None = None
    configuration: Mapping[str, Any] = {}

    def __init__(self, target: Target, folders: Folders, host: TargetHost) -> None:
        """folders: of variants' own functions."""
        self._target, self._folders, self._host = target, folders, host

    def keep_in(self, folder: Path) -> None:
        """Nothing: what it changes ends with its processes."""

    def lost(self) -> str | None:
        """The nodes' own answers tell: where one has ended, its workers find no connection."""
        return None

    async def bind(self, variants: Sequence[Variant]) -> tuple[Binding, ...]:
        """Start them; those of each node call their own, wherever the first one's are."""
        return await self._host.open_targets(self._target, variants, self._folders)

    async def expect(self, turns: Sequence[Turn], shifts: Sequence[Shift] = ()) -> None:
        """Let every fault count from the beginning of the turn in which it strikes."""
        await self._host.expect(turns, shifts)

    async def statistics(self) -> dict[str, Any]:
        """What all of them counted."""
        return await self._host.target_statistics()

    async def close(self) -> None:
        """Nothing: each ends with its node."""


_OF_ALL = ("host", "stood_still_ms", "unanswered")
"""What a run is judged by, and what can be added up: a quantile cannot."""


def added_statistics(by_node: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What embedded Lambdas tell, by node, and beside it what bears on the run as a whole."""
    found: dict[str, Any] = {}
    for one in by_node.values():
        found = _added(found, {key: one[key] for key in _OF_ALL if key in one})
    late = [one[LATE_SUCCESSES] for one in by_node.values() if LATE_SUCCESSES in one]
    if late and len(late) == len(by_node):  # else the sum would be taken for the whole
        found[LATE_SUCCESSES] = reduce(_added, late)
    return found | {"nodes": dict(by_node)} if any(by_node.values()) else {}


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Counters add up; of shares and flags the worst is told."""
    both = {key: _joined(key, one[key], other[key]) for key in one.keys() & other.keys()}
    return {**one, **other, **both}


def _joined(key: str, one: Any, other: Any) -> Any:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return _added(one, other)
    return max(one, other) if isinstance(one, bool) or key.endswith("_share") else one + other
