"""A target on AWS: credentials, a version for each memory size, a place to call each variant."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.aws.api import LambdaApi
from bench.aws.bindings import bind_variants, changes_of, place_of
from bench.aws.credentials import Credentials, load_credentials
from bench.aws.journal import Journal, new_journal
from bench.model.load import Binding
from bench.model.profile import Target, Variant


class AwsTarget:
    """A function in somebody's account.

    When `bind` has ended, $LATEST is as it was found; versions and aliases stay for the next run
    and stand in `journal`. configuration is the function's as it was found, for the manifest.
    """

    def __init__(self, target: Target, environ: Mapping[str, str] = os.environ) -> None:
        self.label = "AWS"
        self.credentials: Credentials | None = None
        self.journal: Journal | None = None
        self.configuration: Mapping[str, Any] = {}
        self._target, self._environ = target, environ

    def keep_in(self, folder: Path) -> None:
        """Keep the journal of changes beside the run's other files."""
        if self.journal is not None:
            self.journal.move_to(folder)

    def lost(self) -> str | None:
        """Only its answers can tell."""
        return None

    async def bind(self, variants: Sequence[Variant]) -> tuple[Binding, ...]:
        """Provide every size. Raises TargetError, with the mend."""
        environ = self._environ
        place = place_of(self._target, environ)
        self.credentials = await asyncio.to_thread(load_credentials, environ)
        self.journal = new_journal(changes_of(self._target, place), environ)
        async with LambdaApi(self.credentials, place) as api:
            found = await bind_variants(
                self._target, variants, api=api, journal=self.journal, environ=environ
            )
        self.label = f"AWS {found.account} {place.region}"
        self.configuration = found.facts
        return found.bindings

    async def statistics(self) -> dict[str, Any]:
        """AWS counts in CloudWatch, minutes later: nothing to say here."""
        return {}

    async def close(self) -> None:
        """Nothing is up that could be let go of."""
