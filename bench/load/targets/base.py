"""What a run asks of its target, whichever kind it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from bench.aws.credentials import Credentials
from bench.model.load import Binding, Shift, Turn
from bench.model.profile import Variant


class OpenTarget(Protocol):
    """A target that is up."""

    label: str
    """For the header: `LOCAL`, an account and region, or a URL."""
    credentials: Credentials | None
    """What workers sign with; None where nothing is signed."""
    configuration: Mapping[str, Any]
    """The function's configuration as it was found, for the manifest; {} where none is known."""

    def keep_in(self, folder: Path) -> None:
        """Go on in the run's folder with what has to outlive a crash."""

    def lost(self) -> str | None:
        """How the target ended by itself, in words; None while it is there or nobody can tell."""

    async def bind(self, variants: Sequence[Variant]) -> tuple[Binding, ...]:
        """Where each variant is called. Raises TargetError."""

    async def expect(self, turns: Sequence[Turn], shifts: Sequence[Shift] = ()) -> None:
        """When each variant will have its turns, in time order, as planned, and what came of it."""

    async def statistics(self) -> dict[str, Any]:
        """What the target itself counted, where it tells; else {}."""

    async def close(self) -> None:
        """Let go of the target; what was started for it ends."""
