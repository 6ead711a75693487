"""What the parts of the embedded Lambda hand each other. Data only.

The HTTP library stays in `service`; doors and control plane are pure: an HttpRequest goes in, an
HttpResponse comes out, so that they are tested without a socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.aws.credentials import LOCAL_REGION

ACCOUNT_ID = "123456789012"
REGION = LOCAL_REGION


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it came in.

    raw_path is percent-encoded as sent, without the query; raw_query without '?'. headers keep
    order, repetition and case.
    """

    method: str
    raw_path: str
    raw_query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client_ip: str = "127.0.0.1"
    client_port: int = 0
    scheme: str = "http"

    def header(self, name: str) -> str | None:
        """The last value of a header, by case-insensitive name."""
        wanted = name.lower()
        for key, value in reversed(self.headers):
            if key.lower() == wanted:
                return value
        return None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One response to send. Content-Length is added by the service."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionConfig:
    """One version of a function, as sandboxes need it. folder is LAMBDA_TASK_ROOT.

    opt is the folder that it finds as /opt, '' for none. debug_port is where a debugger can attach
    to its only environment, 0 for nowhere.
    """

    name: str
    arn: str
    version: str
    handler: str
    folder: str
    memory_mb: int = 128
    timeout_s: float = 3.0
    architecture: str = "x86_64"
    runtime: str = "python3.12"
    environment: Mapping[str, str] = field(default_factory=dict)
    ephemeral_storage_mb: int = 512
    log_format: str = "Text"
    opt: str = ""
    debug_port: int = 0


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call that has been admitted to a function."""

    request_id: str
    payload: bytes
    arn: str
    trace_id: str = ""
    client_context: str | None = None
    """Decoded JSON text."""


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """What became of an invocation. Times in milliseconds, as billed: after the CPU model.

    error is '' for success, else `Unhandled` (the X-Amz-Function-Error value); error_type then
    names it (`ValueError`, `Sandbox.Timedout`, `Runtime.ExitError`, …). throttle_reason is set
    when the invocation never reached a sandbox; payload is then empty.
    """

    request_id: str
    payload: bytes
    executed_version: str
    error: str = ""
    error_type: str = ""
    log_tail: bytes = b""
    duration_ms: float = 0.0
    billed_ms: int = 0
    init_ms: float | None = None
    max_memory_mb: int = 0
    throttle_reason: str = ""
    content_type: str = "application/json"
