"""AWS for these tests: the embedded Lambda's control plane behind httpx, without a socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import httpx

from bench.aws.api import LambdaApi
from bench.aws.bindings import changes_of
from bench.aws.credentials import Credentials
from bench.aws.journal import new_journal
from bench.aws.places import Place
from bench.local.account.records import Settings
from bench.local.account.store import Store
from bench.local.control_plane.api import ControlPlane
from bench.local.http.signatures import Secret, Verifier
from bench.local.model import FunctionConfig, HttpRequest
from bench.model.profile import Target, TargetKind

KEYS = Credentials("AKIDEXAMPLE", "secret/key", "session-token")
PLACE = Place("us-east-1", "https://lambda.us-east-1.amazonaws.com")
ARN = "arn:aws:lambda:us-east-1:123456789012:function:primes"
Interfere = Callable[[httpx.Request], httpx.Response | None]


class FakeAws:
    """Counts calls and passes time only when somebody sleeps.

    interfere may answer, raise or do something before a call is carried out.
    """

    def __init__(self, folder: Path, memory_mb: int = 512, **config: Any) -> None:
        self.now_ns = 1_790_000_000_000_000_000
        self.store = Store(clock_ns=lambda: self.now_ns, rng=Random(1))
        self.plane = ControlPlane(self.store, folder / "code")
        self._verifier = Verifier(
            {KEYS.access_key: Secret(KEYS.secret_key, KEYS.session_token)}, region=PLACE.region
        )
        self.calls: list[str] = []
        self.interfere: Interfere = lambda _request: None
        self.journal = new_journal(
            changes_of(target(), PLACE), {"XDG_STATE_HOME": str(folder / "state")}
        )
        self.store.create(
            FunctionConfig("primes", "", "", "app.handler", str(folder), memory_mb, **config),
            Settings(code_sha256="c2hhMjU2"),
            ready=True,
        )

    def api(self, **options: Any) -> LambdaApi:
        return LambdaApi(
            KEYS,
            PLACE,
            transport=httpx.MockTransport(self.handle),
            sleep=self.sleep,
            wall_s=lambda: self.now_ns / 1e9,
            calls_per_s=1000,
            **options,
        )

    async def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)

    def handle(self, request: httpx.Request) -> httpx.Response:
        answer = self.interfere(request)
        if answer is not None:
            return answer
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        asked = HttpRequest(
            request.method, path, query, tuple(request.headers.items()), request.content
        )
        refusal = self._verifier.check(asked, self.now_ns)
        assert refusal is None, refusal
        if request.method != "GET":
            self.calls.append(f"{request.method} {path.split('/functions/')[1]}")
        response = self.plane.handle(asked)
        assert response is not None
        return httpx.Response(response.status, headers=response.headers, content=response.body)

    def ask(self, path: str, method: str = "GET", **body: Any) -> Any:
        """An operation of the control plane, beside the code under test; {} if it is refused."""
        path, _, query = f"/{path}".partition("?")
        content = json.dumps(body).encode() if body else b""
        response = self.plane.handle(HttpRequest(method, path, query, (), content))
        assert response is not None
        return json.loads(response.body) if response.status < 300 and response.body else {}

    def configuration(self, qualifier: str = "") -> Any:
        return self.ask(f"2015-03-31/functions/primes/configuration?Qualifier={qualifier}")

    @property
    def latest_mb(self) -> int:
        return int(self.configuration()["MemorySize"])

    @property
    def versions(self) -> list[str]:
        listed = self.ask("2015-03-31/functions/primes/versions")["Versions"]
        return [version["Version"] for version in listed]

    @property
    def aliases(self) -> dict[str, str]:
        listed = self.ask("2015-03-31/functions/primes/aliases")["Aliases"]
        return {alias["Name"]: alias["FunctionVersion"] for alias in listed}

    @property
    def urls(self) -> list[str]:
        listed = self.ask("2021-10-31/functions/primes/urls")["FunctionUrlConfigs"]
        return [url["FunctionUrl"] for url in listed]

    @property
    def whole(self) -> Any:
        """All that a user sees of the function, but for what every change gives anew."""
        passing = {"RevisionId", "LastModified", "LastUpdateStatus", "LastModifiedTime"}

        def kept(found: dict[str, Any]) -> dict[str, Any]:
            return {key: value for key, value in found.items() if key not in passing}

        path = "/functions/primes"
        versions = self.ask(f"2015-03-31{path}/versions")["Versions"]
        aliases = self.ask(f"2015-03-31{path}/aliases")["Aliases"]
        urls = self.ask(f"2021-10-31{path}/urls")["FunctionUrlConfigs"]
        return [*map(kept, versions), *map(kept, aliases), *map(kept, urls)]

    @property
    def on_disk(self) -> Any:
        return json.loads(self.journal.path.read_text())


def target(**changes: Any) -> Target:
    values: dict[str, Any] = {"kind": TargetKind.AWS, "function": "primes"}
    return Target(**values | changes)
