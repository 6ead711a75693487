"""What the embedded Lambda is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench.aws.credentials import LOCAL_CREDENTIALS
from bench.errors import UsageError
from bench.function_folder import PYTHON_RUNTIME
from bench.lambda_facts import (
    ACCOUNT_CONCURRENCY,
    INIT_LIMIT_S,
    MAX_MEMORY_MB,
    MAX_TIMEOUT_S,
    MIN_MEMORY_MB,
    MIN_STORAGE_MB,
)

DEFAULT_PORT = 9001
LOCAL_ACCESS_KEY = LOCAL_CREDENTIALS.access_key
LOCAL_SECRET_KEY = LOCAL_CREDENTIALS.secret_key
"""Sign requests here."""


class Route(NamedTuple):
    """A route of an API to a function. kind is the door's; method may be ANY.

    path is `/items/{id}`, `/{rest+}` or, for whatever no other route is for, `$default`.
    """

    kind: str
    method: str
    path: str

    @property
    def key(self) -> str:
        """As API Gateway writes it: `GET /items/{id}`."""
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """A function to serve: its name, the folder with its code, and what runs it.

    What it does not say of itself it has from the options: memory_mb (), timeout_s None, layers (),
    architecture "", doors None; environment adds to theirs.
    """

    name: str
    folder: Path
    handler: str
    runtime: str = PYTHON_RUNTIME
    memory_mb: tuple[int, ...] = ()
    timeout_s: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[Path, ...] = ()
    provisioned: int = 0
    """Environments that are kept up for each of its sizes."""
    debug_port: int = 0
    """Where a debugger can attach; 0: nowhere."""
    architecture: str = ""
    doors: tuple[str, ...] | None = None
    routes: tuple[Route, ...] = ()
    """What a template's API sends to it."""


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """port 0 lets the system choose. memory_mb: one published version and alias per size.

    doors None means every one there is; concurrency is the account's, reserved each function's;
    refused says of functions that were asked for why they are not among these.
    """

    functions: tuple[FunctionSource, ...]
    port: int = 0
    control_port: int = 0
    memory_mb: tuple[int, ...] = (MIN_MEMORY_MB,)
    doors: tuple[str, ...] | None = None
    timeout_s: float = 30.0
    concurrency: int = ACCOUNT_CONCURRENCY
    reserved: int | None = None
    idle_s: float = 600.0
    init_limit_s: float = INIT_LIMIT_S
    environment: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[dict[str, Any], ...] = ()
    verify_signatures: bool = False
    credentials: Mapping[str, tuple[str, str | None]] = field(
        default_factory=lambda: {LOCAL_ACCESS_KEY: (LOCAL_SECRET_KEY, None)}
    )
    """For signatures that are verified: secret key and session token by access key."""
    architecture: str = "x86_64"
    log_format: str = "Text"
    show_logs: bool = False
    freezes: bool = True
    layers: tuple[Path, ...] = ()
    storage_mb: int = MIN_STORAGE_MB
    """What each environment's /tmp holds."""
    watch: bool = False
    """Whether functions get new code when their folder changes."""
    refused: tuple[str, ...] = ()


def check_memory(sizes_mb: tuple[int, ...]) -> None:
    """Raise UsageError for a size that Lambda does not have."""
    for size_mb in sizes_mb:
        if not MIN_MEMORY_MB <= size_mb <= MAX_MEMORY_MB:
            raise UsageError(
                f"memory must be from {MIN_MEMORY_MB} to {MAX_MEMORY_MB} MB (it is {size_mb})"
            )


def check_timeout(timeout_s: float) -> None:
    """Raise UsageError for a timeout that Lambda does not have."""
    if not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise UsageError(f"timeout must be above 0 and at most {MAX_TIMEOUT_S:g} s")
