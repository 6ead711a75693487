"""Lambda's control plane over httpx: signed, capped, patient. Never in the path of a measurement.

AWS allows 15 control-plane calls a second; asyncio-throttle keeps us below whatever happens.
httpx retries nothing by itself: what is retried here is told by RETRIED.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from asyncio_throttle.throttler import Throttler

from bench import __version__
from bench.aws.credentials import Credentials
from bench.aws.sigv4 import Signer
from bench.errors import TargetError
from bench.lambda_facts import ERROR_TYPE_HEADER

CALLS_PER_S = 15
"""Source: Lambda quotas, "Rate of control plane API requests"."""
ATTEMPTS = 5
FIRST_BACKOFF_S = 0.5
RETRIED = frozenset({429, 500, 502, 503, 504})
POLL_S = 1.0
LONGEST_WAIT_S = 600
"""SnapStart takes minutes to take its snapshot when a version is published."""

_CLASSIC, _URL = "2015-03-31/functions/{}", "2021-10-31/functions/{}"
_OPERATIONS = {
    "GetFunctionConfiguration": ("GET", _CLASSIC + "/configuration"),
    "UpdateFunctionConfiguration": ("PUT", _CLASSIC + "/configuration"),
    "ListVersionsByFunction": ("GET", _CLASSIC + "/versions"),
    "PublishVersion": ("POST", _CLASSIC + "/versions"),
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


class AwsRefusal(TargetError):
    """AWS said no; `code` is its name for it, such as ResourceNotFoundException."""

    def __init__(self, operation: str, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        mend = f"; allow lambda:{operation} to these credentials" if status == 403 else ""
        super().__init__(f"AWS refuses {operation}: {code or status}: {message}{mend}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a function's API is."""

    region: str
    url: str


def service_url(service: str, region: str, environ: Mapping[str, str]) -> str:
    """`https://lambda.eu-west-1.amazonaws.com`, unless AWS_ENDPOINT_URL[_LAMBDA] says otherwise."""
    own = environ.get("AWS_ENDPOINT_URL_LAMBDA") if service == "lambda" else None
    if given := own or environ.get("AWS_ENDPOINT_URL"):
        return given.rstrip("/")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{service}.{region}.{suffix}"


class LambdaApi:
    """The operations that a benchmark needs. Use as an async context manager."""

    def __init__(
        self,
        credentials: Credentials,
        place: Place,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        wall_s: Callable[[], float] = time.time,
        calls_per_s: int = CALLS_PER_S,
    ) -> None:
        self.place = place
        self._signer = Signer(credentials, place.region, "lambda")
        self._client = httpx.AsyncClient(
            transport=transport, timeout=30, headers={"User-Agent": f"lamload/{__version__}"}
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
        """One operation. Raises AwsRefusal, or TargetError if AWS cannot be reached."""
        method, template = _OPERATIONS[operation]
        path = template.format(*(quote(label, safe="") for label in labels))
        url = f"{self.place.url}/{path}"
        if query:
            url += "?" + urlencode(query, quote_via=quote)
        content = b"" if body is None else json.dumps(body).encode()
        for attempt in range(ATTEMPTS):
            if attempt:
                await self._sleep(FIRST_BACKOFF_S * 2 ** (attempt - 1))
            last = attempt == ATTEMPTS - 1
            try:
                response = await self._send(method, url, content)
            except httpx.TransportError as error:
                if last:
                    raise TargetError(f"cannot reach {self.place.url}: {error}") from error
                continue
            if response.is_success:
                return _json_of(response)
            if last or response.status_code not in RETRIED:
                raise _refusal(operation, response)
        raise AssertionError("the last attempt either returns or raises")

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
        self, function: str, qualifier: str | None = None
    ) -> dict[str, Any]:
        """The configuration, once a pending creation or update has ended well.

        Raises TargetError if it ends badly or does not end within LONGEST_WAIT_S.
        """
        for _ in range(int(LONGEST_WAIT_S / POLL_S)):
            found = await self.configuration(function, qualifier)
            states = (found.get("State", "Active"), found.get("LastUpdateStatus", "Successful"))
            if "Failed" in states:
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


def _json_of(response: httpx.Response) -> dict[str, Any]:
    try:
        value = response.json() if response.content else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise TargetError(f"{response.url.host} does not answer as AWS Lambda does")
    return value


def _refusal(operation: str, response: httpx.Response) -> AwsRefusal:
    try:
        said = response.json()
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    code = response.headers.get(ERROR_TYPE_HEADER) or said.get("__type") or said.get("code") or ""
    message = said.get("message") or said.get("Message") or response.reason_phrase
    return AwsRefusal(
        operation, response.status_code, str(code).split(":")[0].split("#")[-1], str(message)
    )
