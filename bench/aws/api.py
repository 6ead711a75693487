"""Lambda's control plane over httpx: signed, capped, patient. Never in the path of a measurement.

AWS allows 15 control-plane calls a second; asyncio-throttle keeps us below whatever happens.
httpx retries nothing by itself: what is retried here is told by RETRIED.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from asyncio_throttle.throttler import Throttler

from bench import __version__
from bench.aws.credentials import Credentials
from bench.aws.places import Place
from bench.aws.refusals import AwsRefusal
from bench.aws.sigv4 import Signer
from bench.errors import TargetError
from bench.lambda_facts import ERROR_TYPE_HEADER
from bench.model.profile import Timeouts
from bench.model.times import NS_PER_S

CALLS_PER_S = 15
"""Source: Lambda quotas, "Rate of control plane API requests"."""
ATTEMPTS = 5
FIRST_BACKOFF_S = 0.5
RETRIED = frozenset({429, 500, 502, 503, 504})
SILENT_ATTEMPTS = 2
"""Where nothing answers within the limits, it seldom does the next time."""
SILENT_S = 5.0
"""After so long without an answer the user is told."""
POLL_S = 1.0
LONGEST_WAIT_S = 600
"""SnapStart takes minutes to take its snapshot when a version is published."""
DEFAULT_TIMEOUTS = Timeouts()
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"

_CLASSIC, _URL = "2015-03-31/functions/{}", "2021-10-31/functions/{}"
_OPERATIONS = {
    "GetFunctionConfiguration": ("GET", _CLASSIC + "/configuration"),
    "UpdateFunctionConfiguration": ("PUT", _CLASSIC + "/configuration"),
    "ListVersionsByFunction": ("GET", _CLASSIC + "/versions"),
    "PublishVersion": ("POST", _CLASSIC + "/versions"),
    "GetProvisionedConcurrencyConfig": (
        "GET",
        "2019-09-30/functions/{}/provisioned-concurrency",
    ),
    "DeleteFunction": ("DELETE", _CLASSIC),
    "GetAlias": ("GET", _CLASSIC + "/aliases/{}"),
    "CreateAlias": ("POST", _CLASSIC + "/aliases"),
    "UpdateAlias": ("PUT", _CLASSIC + "/aliases/{}"),
    "DeleteAlias": ("DELETE", _CLASSIC + "/aliases/{}"),
    "ListFunctionUrlConfigs": ("GET", _URL + "/urls"),
    "CreateFunctionUrlConfig": ("POST", _URL + "/url"),
    "DeleteFunctionUrlConfig": ("DELETE", _URL + "/url"),
}
"""Method and path of every operation used here. Source: botocore's Lambda model."""


class LambdaApi:
    """The operations that a benchmark needs. Use as an async context manager."""

    def __init__(
        self,
        credentials: Credentials,
        place: Place,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        tell: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        wall_s: Callable[[], float] = time.time,
        calls_per_s: int = CALLS_PER_S,
        silent_s: float = SILENT_S,
    ) -> None:
        """transport: how it is reached, with its limits; httpx's own where None.

        tell: hears, a line each, of whatever makes the user wait. timeouts: those of an attempt,
        as `patient` makes them.
        """
        self.place = place
        self._tell, self._silent_s = tell, silent_s
        self._total_s = max(silent_s, timeouts.total_ns / NS_PER_S)
        self._told: set[str] = set()
        self._signer = Signer(credentials, place.region, "lambda")
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=self._total_s,
            headers={"User-Agent": f"lamload/{__version__}"},
        )
        self._throttler = Throttler(calls_per_s)
        self._sleep, self._wall_s = sleep, wall_s

    async def __aenter__(self) -> LambdaApi:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def call(
        self, operation: str, *labels: str, body: Any = None, **query: str
    ) -> dict[str, Any]:
        """One operation. Raises AwsRefusal, or TargetError if AWS cannot be reached.

        While another update of the function is under way it is asked again, for LONGEST_WAIT_S.
        """
        for _ in range(int(LONGEST_WAIT_S / POLL_S)):
            try:
                return await self._answer(operation, labels, body, query)
            except AwsRefusal as refusal:
                if not refusal.is_busy:
                    raise
                self._tell_once(f"waiting for another update of {labels[0]} to end")
                last = refusal
            await self._sleep(POLL_S)
        raise last

    async def _answer(
        self, operation: str, labels: tuple[str, ...], body: Any, query: Mapping[str, str]
    ) -> dict[str, Any]:
        method, template = _OPERATIONS[operation]
        path = template.format(*(quote(label, safe="") for label in labels))
        url = f"{self.place.url}/{path}"
        if query:
            url += "?" + urlencode(query, quote_via=quote)
        content = b"" if body is None else json.dumps(body).encode()
        attempts, failed = ATTEMPTS, 0
        while True:
            try:
                response = await self._noticed(operation, self._send(method, url, content))
            except httpx.TransportError as error:
                silent = isinstance(error, httpx.TimeoutException)
                attempts = min(attempts, SILENT_ATTEMPTS) if silent else attempts
                if failed + 1 >= attempts:
                    raise TargetError(self._unreachable(operation, error)) from error
            else:
                if response.is_success:
                    return _json_of(response)
                if failed + 1 >= attempts or response.status_code not in RETRIED:
                    raise self._refusal(operation, response)
            await self._sleep(FIRST_BACKOFF_S * 2**failed)
            failed += 1

    async def _noticed(
        self, operation: str, sending: Coroutine[Any, Any, httpx.Response]
    ) -> httpx.Response:
        """Wait for an answer; the user hears of it when that takes long."""
        task = asyncio.ensure_future(sending)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._silent_s)
            if not done:
                self._tell_once(
                    f"{self.place.url} has not answered {operation} for {self._silent_s:g} s: "
                    "still waiting"
                )
                done, _ = await asyncio.wait({task}, timeout=self._total_s - self._silent_s)
            if not done:
                raise httpx.ReadTimeout(f"nothing within {self._total_s:g} s")
            return task.result()
        finally:
            task.cancel()

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)

    def _unreachable(self, operation: str, error: httpx.TransportError) -> str:
        words = str(error)
        if _UNTRUSTED in words:
            words += (
                "; set connections.ca_bundle or AWS_CA_BUNDLE to the certificates to trust, or "
                "connections.verify_tls = false"
            )
        if isinstance(error, httpx.TimeoutException):
            return f"{self.place.url} does not answer {operation}: {words}"
        return f"cannot reach {self.place.url}: {words}"

    async def pages(self, operation: str, items: str, *labels: str) -> list[dict[str, Any]]:
        """Everything that a listing has."""
        found: list[dict[str, Any]] = []
        marker: str | None = None
        while True:
            query = {} if marker is None else {"Marker": marker}
            page = await self.call(operation, *labels, **query)
            found += page.get(items, [])
            marker = page.get("NextMarker")
            if not marker:
                return found

    async def configuration(self, function: str, qualifier: str | None = None) -> dict[str, Any]:
        """The answer of GetFunctionConfiguration; without a qualifier that of `$LATEST`."""
        query = {} if qualifier is None else {"Qualifier": qualifier}
        return await self.call("GetFunctionConfiguration", function, **query)

    async def wait_until_active(
        self, function: str, qualifier: str | None = None, *, however: bool = False
    ) -> dict[str, Any]:
        """The configuration, once a pending creation or update has ended well.

        however: also if it has ended badly, as long as it has ended. Raises TargetError if it ends
        badly or does not end within LONGEST_WAIT_S.
        """
        for _ in range(int(LONGEST_WAIT_S / POLL_S)):
            found = await self.configuration(function, qualifier)
            states = (found.get("State", "Active"), found.get("LastUpdateStatus", "Successful"))
            if "Failed" in states and not however:
                reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or "failed"
                raise TargetError(f"{function} cannot be used: {reason}")
            if states[0] != "Pending" and states[1] != "InProgress":
                return found
            await self._sleep(POLL_S)
        raise TargetError(f"{function} is still being updated after {LONGEST_WAIT_S} s")

    async def _send(self, method: str, url: str, content: bytes) -> httpx.Response:
        headers = [("Content-Type", "application/json")] if content else []
        signed = self._signer.sign(method, url, headers, content, int(self._wall_s()))
        async with self._throttler:
            return await self._client.request(
                method, url, headers=[*headers, *signed], content=content
            )

    def _refusal(self, operation: str, response: httpx.Response) -> AwsRefusal:
        try:
            said = response.json()
        except ValueError:
            said = {}
        said = said if isinstance(said, dict) else {}
        type_ = response.headers.get(ERROR_TYPE_HEADER)
        code = str(type_ or said.get("__type") or said.get("code") or "")
        message = said.get("message") or said.get("Message") or response.reason_phrase
        return AwsRefusal(
            operation,
            response.status_code,
            code.split(":")[0].split("#")[-1],
            str(message),
            region=self.place.region,
            behind_s=self._behind_s(response),
        )

    def _behind_s(self, response: httpx.Response) -> int | None:
        """How far our clock is behind the one that dated the answer; None for no date."""
        try:
            theirs = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return None
        return round(theirs.timestamp() - self._wall_s())


def patient(timeouts: Timeouts) -> Timeouts:
    """The limits of an attempt, for a call of the control plane.

    An answer gets SILENT_S at least: publishing takes longer than an invocation that is to be
    found too slow.
    """
    least_ns = round(SILENT_S * NS_PER_S)
    return replace(
        timeouts,
        first_byte_ns=max(timeouts.first_byte_ns, least_ns),
        total_ns=max(timeouts.total_ns, least_ns),
    )


def _json_of(response: httpx.Response) -> dict[str, Any]:
    try:
        value = response.json() if response.content else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise TargetError(f"{response.url.host} does not answer as AWS Lambda does")
    return value
