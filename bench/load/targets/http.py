"""A target at a URL of the user's: a front door, any web service, or an emulator of Lambda."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.aws.credentials import Credentials
from bench.errors import TargetError
from bench.model.load import Binding, Shift, Turn
from bench.model.profile import Connections, Target, Variant
from bench.model.times import NS_PER_S


class HttpTarget:
    """Any URL, or an emulator of Lambda. Reached once before the run, without sending a request."""

    credentials: Credentials | None = None
    configuration: Mapping[str, Any] = {}

    def __init__(
        self,
        target: Target,
        connections: Connections,
        functions: Mapping[str, str],
    ) -> None:
        """functions: an emulator's names of functions, by what variants call them."""
        self._target = target
        self._functions = functions
        self._connections = connections
        self.label = ", ".join(dict.fromkeys(target.urls.values()))

    def keep_in(self, folder: Path) -> None:
        """Nothing: a URL leaves nothing behind that has to be kept."""

    def lost(self) -> str | None:
        """Only its answers can tell."""
        return None

    async def bind(self, variants: Sequence[Variant]) -> tuple[Binding, ...]:
        """The URL for every variant. Raises TargetError if nothing listens there.

        Behind a proxy only the proxy can be asked: names may be known to it alone.
        """
        target = self._target
        bindings = tuple(
            Binding(
                variant,
                target.urls[variant.endpoint],
                function=self._functions.get(variant.function or "", target.function),
                qualifier=variant.qualifier or target.qualifier,
                region=target.region,
            )
            for variant in variants
        )
        for url, key in {self._first_hop(binding.url) for binding in bindings}:
            await reach(url, key)
        return bindings

    def _first_hop(self, url: str) -> tuple[str, str]:
        """What a connection is opened to, and where that is said."""
        proxy = self._connections.proxy_to(url)
        if proxy is None:
            return url, "target.url"
        return proxy, "connections.proxy" if self._connections.proxy else "the environment's proxy"

    async def expect(self, turns: Sequence[Turn], shifts: Sequence[Shift] = ()) -> None:
        """Nothing of it keeps time with the run."""

    async def statistics(self) -> dict[str, Any]:
        """Nothing is known of it."""
        return {}

    async def close(self) -> None:
        """Nothing to let go of."""


async def reach(url: str, key: str) -> None:
    """Open and close one connection to a URL's host. Raises TargetError if that fails.

    key: where the URL stands in the profile.
    """
    import httpx

    from bench.wire.race import ATTEMPT_DELAY_NS

    parts = httpx.URL(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        opening = asyncio.open_connection(
            parts.host, port, happy_eyeballs_delay=ATTEMPT_DELAY_NS / NS_PER_S
        )
        async with asyncio.timeout(10):
            _, writer = await opening
    except (OSError, TimeoutError) as error:
        raise TargetError(
            f"nothing answers at {parts.host}:{port} ({error or 'timed out'}); "
            f"start {'the proxy' if key.endswith('proxy') else 'the target'} or correct {key}"
        ) from None
    writer.close()
