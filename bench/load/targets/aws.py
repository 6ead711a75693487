"""A target on AWS: credentials, a version for each memory size, a place to call each variant."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from bench.aws.api import DEFAULT_TIMEOUTS, SILENT_S, LambdaApi, patient
from bench.aws.bindings import BoundFunction, bind_variants, changes_of, place_of
from bench.aws.credentials import Credentials, load_credentials
from bench.aws.journal import Journal, new_journal
from bench.model.load import Binding, Shift, Turn
from bench.model.profile import Connections, Target, Timeouts, Variant
from bench.wire.httpx_transport import WireTransport

_REACHED_BY = ("ca_bundle", "server_name", "verify_tls")
"""What of the connections a journal keeps; a proxy may have a password, and is asked for anew."""


def reached_by(connections: Connections) -> dict[str, Any]:
    """How the control plane was reached, for whoever undoes what was done there."""
    return {name: getattr(connections, name) for name in _REACHED_BY}


class AwsTarget:
    """Functions in somebody's account: the target's, and those that variants name.

    When `bind` has ended, $LATEST of each is as it was found; versions and aliases stay for the
    next run and stand in its journal. configuration is the function's as it was found, for the
    manifest; of several it is by their names.
    """

    def __init__(
        self,
        target: Target,
        environ: Mapping[str, str] = os.environ,
        *,
        functions: Mapping[str, str] | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        connections: Connections | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """functions: names and ARNs by what variants call them.

        connections: with what the environment adds; tell: hears of what makes the user wait.
        """
        self.label = "AWS"
        self.credentials: Credentials | None = None
        self.journals: list[Journal] = []
        self._functions = functions or {}
        self.configuration: Mapping[str, Any] = {}
        self._target, self._environ = target, environ
        self._timeouts, self._tell = timeouts, tell
        self._connections = connections or Connections()

    def keep_in(self, folder: Path) -> None:
        """Keep copies of the journals of changes beside the run's other files."""
        for number, journal in zip(count(1), self.journals, strict=False):
            journal.keep_copy_in(folder, number)

    def lost(self) -> str | None:
        """Only its answers can tell."""
        return None

    async def bind(self, variants: Sequence[Variant]) -> tuple[Binding, ...]:
        """Provide every size of every function. Raises TargetError, with the mend."""
        self.credentials = await self._load_credentials()
        bindings: dict[Variant, Binding] = {}
        facts: dict[str, Mapping[str, Any]] = {}
        places: list[str] = []
        for name in dict.fromkeys(variant.function for variant in variants):
            own = [variant for variant in variants if variant.function == name]
            target = self._target
            if name is not None:
                target = replace(target, function=self._functions[name])
            found, region = await self._bind_function(target, own, self.credentials)
            bindings |= zip(own, found.bindings, strict=True)
            facts[name or str(target.function)] = found.facts
            places.append(f"{found.account} {region}")
        self.label = f"AWS {', '.join(dict.fromkeys(places))}"
        self.configuration = facts if len(facts) > 1 else found.facts
        return tuple(bindings[variant] for variant in variants)

    async def _bind_function(
        self, target: Target, variants: Sequence[Variant], credentials: Credentials
    ) -> tuple[BoundFunction, str]:
        """Where variants of one function are called, in their order; its region."""
        environ = self._environ
        place = place_of(target, environ)
        changes = changes_of(target, place)
        changes.reached_by = reached_by(self._connections)
        journal = new_journal(changes, environ)
        self.journals.append(journal)
        limits = patient(self._timeouts)
        transport = WireTransport(limits, self._connections)
        async with LambdaApi(
            credentials, place, transport=transport, timeouts=limits, tell=self._tell
        ) as api:
            bindings: dict[Variant, Binding] = {}
            for qualifier in dict.fromkeys(variant.qualifier for variant in variants):
                called = replace(target, qualifier=qualifier or target.qualifier)
                own = [variant for variant in variants if variant.qualifier == qualifier]
                found = await bind_variants(called, own, api=api, journal=journal, environ=environ)
                bindings |= zip(own, found.bindings, strict=True)
        ordered = tuple(bindings[variant] for variant in variants)
        return replace(found, bindings=ordered), place.region

    async def _load_credentials(self) -> Credentials:
        """A process or a service of the user's may be asked, and may take its time."""
        task = asyncio.ensure_future(asyncio.to_thread(load_credentials, self._environ))
        done, _ = await asyncio.wait({task}, timeout=SILENT_S)
        if not done:
            self._tell(f"no AWS credentials for {SILENT_S:g} s: still waiting for them")
        return await task

    async def expect(self, turns: Sequence[Turn], shifts: Sequence[Shift] = ()) -> None:
        """Nothing of it keeps time with the run."""

    async def statistics(self) -> dict[str, Any]:
        """AWS counts in CloudWatch, minutes later: nothing to say here."""
        return {}

    async def close(self) -> None:
        """Nothing is up that could be let go of."""
