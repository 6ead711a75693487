"""What is called: the [target] table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bench
from bench.errors import ProfileError
from bench.faults.plan import FaultPlan
from bench.lambda_facts import CLIENT_CONTEXT_LIMIT_BYTES, MAX_TIMEOUT_S
from bench.model.endpoint import EndpointKind
from bench.model.profile import EventSpec, Target, TargetKind
from bench.profile.events import json_value
from bench.schema.table import Table
from bench.schema.values import above_zero, choice, flag, text, whole
from bench.units import read_duration_ns, shown

BUNDLED = Path(bench.__file__).parent / "local" / "functions"
"""The functions that come with the package, a folder each."""
ONLY_LOCAL = ("handler", "timeout", "concurrency", "faults", "environment")
NEVER_LOCAL = ("region", "qualifier")
_FUNCTION = re.compile(
    r"(arn:aws[\w-]*:lambda:)?([a-z]{2}(-[a-z]+)+-\d:)?(\d{12}:)?(function:)?[\w-]+(:[\w$-]+)?"
    r"|arn:aws[\w-]*:states:[\w-]+:\d{12}:stateMachine:[\w.-]+"
)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def read_target(table: Table, events: Iterable[EventSpec], base_dir: Path) -> Target:
    """The target with its events, as far as it can be read; relative paths start from base_dir."""
    kind = table.read(
        "kind",
        choice(TargetKind),
        TargetKind.LOCAL,
        missing='say "local", "aws" or "http"',
    )
    for key in NEVER_LOCAL if kind is TargetKind.LOCAL else ONLY_LOCAL:
        if key in table:
            table.fault(key, f'has no meaning for a target of kind "{kind.value}": leave it out')
    return Target(
        kind=kind,
        function=_function(table, kind, base_dir),
        handler=table.read("handler", text, None),
        region=table.read("region", _region, None),
        qualifier=table.read("qualifier", _qualifier, None),
        events=tuple(events),
        urls=_urls(table, kind),
        http_method=table.read("method", _method, "POST"),
        http_path=table.read("path", _path, "/"),
        http_headers=_headers(table),
        timeout_s=table.read("timeout", _timeout_s, None),
        concurrency=table.read("concurrency", whole(0, 1_000_000), None),
        faults=_faults(table),
        log_tail=table.read("log_tail", flag, True),
        client_context=table.read("client_context", _client_context, None),
        environment=table.named("environment", _variable),
    )


def bundled_functions() -> list[str]:
    """Names of the functions that come with the package."""
    return sorted(path.name for path in BUNDLED.iterdir() if any(path.glob("*.py")))


def _function(table: Table, kind: TargetKind, base_dir: Path) -> str | None:
    if kind is TargetKind.LOCAL:
        mend = f"name a folder with a handler, or one of {', '.join(bundled_functions())}"
        handler = table.get("handler")
        return table.read(
            "function", lambda value: _local_function(value, handler, base_dir), None, missing=mend
        )
    missing = "name the function or its ARN" if kind is TargetKind.AWS else None
    return table.read("function", _aws_function, None, missing=missing)


def _local_function(value: Any, handler: Any, base_dir: Path) -> str:
    """A bundled function's name, or the absolute path of a folder with a handler."""
    name = text(value)
    if name in bundled_functions():
        return name
    folder = (base_dir / Path(name).expanduser()).resolve()
    if not folder.is_dir():
        what = "is a file: name its folder" if folder.exists() else "does not exist"
        raise ValueError(
            f"must be a folder with a handler ({folder} {what}) or one of the bundled functions "
            f"{', '.join(bundled_functions())}"
        )
    module = str(handler).rpartition(".")[0] if isinstance(handler, str) else "*"
    if not _has_module(folder, module):
        wanted = "handler.py" if module == "*" else f"{module}.py"
        raise ValueError(f"must be a folder with a handler ({folder} has no {wanted})")
    return str(folder)


def _has_module(folder: Path, module: str) -> bool:
    patterns = (f"{module}.py", f"{module}.mjs", f"{module}.js", f"{module}.cjs", "bootstrap")
    return any(any(folder.glob(pattern)) for pattern in patterns) or (folder / module).is_dir()


def _aws_function(value: Any) -> str:
    name = text(value)
    if not _FUNCTION.fullmatch(name):
        raise ValueError(f"must be a function's name or ARN (it is {shown(name)})")
    return name


def _region(value: Any) -> str:
    region = text(value)
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d+", region):
        raise ValueError(f'must be a region such as "eu-central-1" (it is {shown(region)})')
    return region


def _qualifier(value: Any) -> str:
    """A version may be written as a number."""
    qualifier = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not re.fullmatch(r"[\w$-]{1,128}", text(qualifier)):
        raise ValueError(f"must be a version or an alias (it is {shown(qualifier)})")
    return str(qualifier)


def read_url(value: Any) -> str:
    """A URL that a request can go to."""
    url = text(value)
    mend = f'must be a URL such as "https://example.com/path" (it is {shown(url)})'
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{mend}: {str(error).lower()}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(mend)
    if not url.isascii() or any(char.isspace() or char < " " for char in url):
        raise ValueError(f"{mend}: spaces and letters beyond ASCII must be percent-encoded")
    if "@" in parts.netloc:
        raise ValueError("must not carry a user name or a password: use target.headers")
    if "#" in url:
        raise ValueError(f"{mend}: a fragment is never sent")
    return url


def _urls(table: Table, kind: TargetKind) -> dict[EndpointKind, str]:
    """`urls` by endpoint; `url` alone is that of the endpoint http."""
    kinds = {endpoint.value: endpoint for endpoint in EndpointKind}
    urls = {}
    for name, own in table.named("urls", read_url).items():
        if name in kinds:
            urls[kinds[name]] = own
        else:
            table.fault(f"urls.{name}", f"is not an endpoint; there are {', '.join(kinds)}")
    url = table.read("url", read_url, None)
    if url is not None and kind is TargetKind.HTTP:
        urls.setdefault(EndpointKind.HTTP, url)
    elif "url" in table and kind is not TargetKind.HTTP:
        table.fault("url", 'is for a target of kind "http"; front doors stand in target.urls')
    if urls and kind is TargetKind.LOCAL:
        table.fault("urls", "cannot be set for a local target: it has URLs of its own")
    return urls


def _method(value: Any) -> str:
    method = text(value)
    if not re.fullmatch(r"[A-Z]{1,20}", method):
        raise ValueError(f'must be a method such as "POST" (it is {shown(method)})')
    return method


def _path(value: Any) -> str:
    path = text(value)
    if not path.startswith("/") or not path.isascii() or any(char <= " " for char in path):
        raise ValueError(f'must be a path such as "/items?page=1" (it is {shown(path)})')
    return path


def _headers(table: Table) -> dict[str, str]:
    headers = table.named("headers", _header)
    for name in headers:
        if not _TOKEN.fullmatch(name):
            table.fault(f'headers."{name}"', "is not a name that a header can have")
    return headers


def _header(value: Any) -> str:
    if not isinstance(value, str) or any(char in value for char in "\r\n\0"):
        raise ValueError(f"must be a text on one line (it is {shown(value)})")
    return value


def _variable(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"must be a text in quotes (it is {shown(value)})")
    return value


def _timeout_s(value: Any) -> float:
    seconds = above_zero(read_duration_ns)(value) / 1e9
    if seconds > MAX_TIMEOUT_S:
        raise ValueError(f"must be at most 15m, Lambda's limit (it is {shown(value)})")
    return seconds


def _faults(table: Table) -> tuple[dict[str, Any], ...]:
    """The faults of the embedded Lambda, as written once it has no objection to them."""
    value = table.get("faults", [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        table.fault("faults", f"must be an array of tables (it is {shown(value)})")
        return ()
    faults: list[dict[str, Any]] = table.read("faults", json_value, [])
    try:
        FaultPlan.parse(faults)
    except ProfileError as error:
        for problem in error.problems:
            table.fault(problem.key, problem.message)
    return tuple(faults)


def _client_context(value: Any) -> str:
    """A table, or the text itself."""
    context = value if isinstance(value, str) else json.dumps(json_value(value))
    if len(context.encode()) > CLIENT_CONTEXT_LIMIT_BYTES // 4 * 3:
        raise ValueError(
            f"is too large: in base64 it may have {CLIENT_CONTEXT_LIMIT_BYTES} bytes at most"
        )
    return context
