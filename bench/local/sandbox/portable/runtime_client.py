"""awslambdaric's native part in plain Python, for systems on which it is not built (macOS).

Put on a sandbox's import path only where there is no native one; awslambdaric then runs unchanged.
The names and signatures are those of its C++ module.
"""

from __future__ import annotations

import http.client
import os

_BASE = "/2018-06-01/runtime/invocation"
_client: _Client | None = None


class _Client:
    """One keep-alive connection to the Runtime API."""

    def __init__(self, user_agent: str) -> None:
        self._user_agent = user_agent
        self._connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes, dict[str, str]]:
        """One exchange: status, body and headers of the answer."""
        sent = {"User-Agent": self._user_agent, **(headers or {})}
        self._connection.request(method, _BASE + path, body, sent)
        answer = self._connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())


def initialize_client(user_agent: str) -> None:
    """Called once, before anything else."""
    global _client
    _client = _Client(user_agent)


def next() -> tuple[bytes, dict[str, str]]:
    """Wait for an invocation: its event and its headers."""
    status, body, headers = _open().exchange("GET", "/next")
    if status != 200:
        raise RuntimeError("Failed to get next")
    return body, headers


def post_invocation_result(
    invoke_id: str, data: bytes, content_type: str, _invocation_id: str | None = None
) -> None:
    """Send what the handler returned, as awslambdaric calls it."""
    _post(f"/{invoke_id}/response", data, {"Content-Type": content_type})


def post_error(
    invoke_id: str, error: str, xray_cause: str, _invocation_id: str | None = None
) -> None:
    """Send what the handler raised."""
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Function-XRay-Error-Cause": " ".join(xray_cause.split()),
    }
    _post(f"/{invoke_id}/error", error.encode(), headers)


def _post(path: str, body: bytes, headers: dict[str, str]) -> None:
    status, answer, _ = _open().exchange("POST", path, body, headers)
    if status != 202:
        raise RuntimeError(f"Failed to post: {status} {answer.decode(errors='replace')}")


def _open() -> _Client:
    assert _client is not None, "initialize_client comes first"
    return _client
