"""A target on AWS: credentials, a version for each memory size, a place to call each variant."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.aws.api import DEFAULT_TIMEOUTS, SILENT_S, LambdaApi, patient
from bench.aws.bindings import bind_variants, changes_of, place_of
from bench.aws.credentials import Credentials, load_credentials
from bench.aws.journal import Journal, new_journal
from bench.model.load import Binding, Turn
from bench.model.profile import Connections, Target, Timeouts, Variant
from bench.wire.httpx_transport import WireTransport

_REACHED_BY = ("ca_bundle", "server_name", "verify_tls")
"""What of the connections a journal keeps; a proxy may have a password, and is asked for anew."""


def reached_by(connections: Connections) -> dict[str, Any]:
    """How the control plane was reached, for whoever undoes what was done there."""
    return {name: getattr(connections, name) for name in _REACHED_BY}


class AwsTarget:
    """A function in somebody's account.

    When `bind` has ended, $LATEST is as it was found; versions and aliases stay for the next run
    and stand in `journal`. configuration is the function's as it was found, for the manifest.
    """

    def __init__(
        self,
        target: Target,
        environ: Mapping[str, str] = os.environ,
        *,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        connections: Connections | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """connections: with what the environment adds; tell: hears of what makes the user wait."""
        self.label = "AWS"
        self.credentials: Credentials | None = None
        self.journal: Journal | None = None
        self.configuration: Mapping[str, Any] = {}
        self._target, self._environ = target, environ
        self._timeouts, self._tell = timeouts, tell
        self._connections = connections or Connections()

    def keep_in(self, folder: Path) -> None:
        """Keep a copy of the journal of changes beside the run's other files."""
        if self.journal is not None:
            self.journal.keep_copy_in(folder)

    def lost(self) -> str | None:
        """Only its answers can tell."""
        return None

    async def bind(self, variants: Sequence[Variant]) -> tuple[Binding, ...]:
        """Provide every size. Raises TargetError, with the mend."""
        environ = self._environ
        place = place_of(self._target, environ)
        self.credentials = await self._load_credentials()
        changes = changes_of(self._target, place)
        changes.reached_by = reached_by(self._connections)
        self.journal = new_journal(changes, environ)
        limits = patient(self._timeouts)
        transport = WireTransport(limits, self._connections)
        async with LambdaApi(
            self.credentials, place, transport=transport, timeouts=limits, tell=self._tell
        ) as api:
            bindings: dict[Variant, Binding] = {}
            for qualifier in dict.fromkeys(variant.qualifier for variant in variants):
                target = replace(self._target, qualifier=qualifier or self._target.qualifier)
                own = [variant for variant in variants if variant.qualifier == qualifier]
                found = await bind_variants(
                    target, own, api=api, journal=self.journal, environ=environ
                )
                bindings |= zip(own, found.bindings, strict=True)
        self.label = f"AWS {found.account} {place.region}"
        self.configuration = found.facts
        return tuple(bindings[variant] for variant in variants)

    async def _load_credentials(self) -> Credentials:
        """A process or a service of the user's may be asked, and may take its time."""
        task = asyncio.ensure_future(asyncio.to_thread(load_credentials, self._environ))
        done, _ = await asyncio.wait({task}, timeout=SILENT_S)
        if not done:
            self._tell(f"no AWS credentials for {SILENT_S:g} s: still waiting for them")
        return await task

    async def expect(self, turns: Sequence[Turn]) -> None:
        """Nothing of it keeps time with the run."""

    async def statistics(self) -> dict[str, Any]:
        """AWS counts in CloudWatch, minutes later: nothing to say here."""
        return {}

    async def close(self) -> None:
        """Nothing is up that could be let go of."""
