"""What the values of [target] can be: functions, regions, URLs, headers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.errors import cause_of
from bench.function_folder import RUNTIME, RUNTIMES, bundled_functions, entry, has_code
from bench.lambda_facts import CLIENT_CONTEXT_LIMIT_BYTES, MAX_TIMEOUT_S
from bench.model.endpoint import EndpointKind
from bench.profile.events import json_value
from bench.schema.files import resolved, shown_path
from bench.schema.quantities import span
from bench.schema.values import Reader, Value, narrowed, text
from bench.units import shown, write_duration

_FUNCTION = re.compile(
    r"(arn:aws[\w-]*:lambda:)?([a-z]{2,4}(-[a-z]+)+-\d:)?(\d{12}:)?(function:)?[\w-]+(:[\w$-]+)?"
    r"|arn:aws[\w-]*:states:[\w-]+:\d{12}:stateMachine:[\w.-]+"
)
_REGION = r"[a-z]{2,4}(-[a-z]+)+-\d+"
_QUALIFIER = r"[\w$-]{1,128}"
_METHOD = r"[A-Z]{1,20}"
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"


def local_function(handler: Any, runtime: Any, base_dir: Path) -> Reader[str]:
    """A reader of a bundled function's name, or of a folder with a handler, made absolute."""

    def read(value: Any) -> str:
        name = text(value)
        if name in bundled_functions():
            return name
        folder = resolved(name, base_dir)
        try:
            return _with_handler(folder, _given(handler), _given(runtime))
        except OSError as error:
            raise ValueError(f"must be a folder that can be read ({cause_of(error)})") from None

    return read


def _given(value: Any) -> str | None:
    """What is no text is told where it is read itself."""
    return value if isinstance(value, str) else None


def _with_handler(folder: Path, handler: str | None, runtime: str | None) -> str:
    if not folder.is_dir():
        what = "is a file: name its folder" if folder.exists() else "does not exist"
        raise ValueError(
            f"must be a folder with a handler ({shown_path(folder)} {what}) or one of the bundled "
            f"functions {', '.join(bundled_functions())}"
        )
    try:
        found = entry(folder, handler, runtime)
        if not has_code(folder, found):
            raise ValueError(f"has no handler {found.handler} for {found.runtime}")
    except ValueError as error:
        mend = "" if handler else ": name it with target.handler"
        raise ValueError(
            f"must be a folder with a handler: {shown_path(folder)} {error}{mend}"
        ) from None
    return str(folder)


def _aws_function(name: str) -> str:
    if not _FUNCTION.fullmatch(name):
        raise ValueError(f"must be a function's name or ARN (it is {shown(name)})")
    return name


def _matching(pattern: str, what: str) -> Value[str]:
    """A text of a form; what names it in the message."""

    def check(given: str) -> str:
        if not re.fullmatch(pattern, given):
            raise ValueError(f"must be {what} (it is {shown(given)})")
        return given

    return narrowed(text, check, {"pattern": f"^(?:{pattern})$"})


def _qualifier(value: Any) -> str:
    """A version may be written as a number."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return _named_version(shown(value) if is_number else value)


def _url(url: str) -> str:
    _plain_url(url)
    if "@" in urlsplit(url).netloc:
        raise ValueError("must not carry a user name or a password: use target.headers")
    return url


def _plain_url(url: str) -> str:
    mend = (
        f'must be a URL such as "https://example.com/path" (it is {shown(without_password(url))})'
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{mend}: {str(error).lower()}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(mend)
    if not url.isascii() or any(char.isspace() or char < " " for char in url):
        raise ValueError(f"{mend}: spaces and letters beyond ASCII must be percent-encoded")
    if "#" in url:
        raise ValueError(f"{mend}: a fragment is never sent")
    return url


def without_password(url: str) -> str:
    """The URL, with nothing of what stands before an @ of its host."""
    return re.sub(r"//[^/?#]*@", "//***@", url)


def _path(path: str) -> str:
    if not path.startswith("/") or not path.isascii() or any(char <= " " for char in path):
        raise ValueError(f'must be a path such as "/items?page=1" (it is {shown(path)})')
    return path


def _header(value: Any) -> str:
    if not isinstance(value, str) or any(char in value for char in "\r\n\0"):
        raise ValueError(f"must be a text on one line (it is {shown(value)})")
    if wrong := re.search(r"[^\t\x20-\x7e]", value):
        raise ValueError(
            f"has {shown(wrong[0])} as character {wrong.start() + 1}, which a header cannot carry: "
            "percent-encode it, or write it in base64"
        )
    if value != value.strip():
        raise ValueError(f"must not begin or end with a space (it is {shown(value)})")
    return value


def _header_name(name: Any) -> str:
    if not re.fullmatch(_TOKEN, name):
        raise ValueError("is not a name that a header can have")
    if name.lower() in ("content-length", "transfer-encoding"):
        raise ValueError("is set by lamload itself, from the event: leave it out")
    return str(name)


def _variable(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"must be a text in quotes (it is {shown(value)})")
    return value


def _endpoint_name(name: Any) -> EndpointKind:
    kinds = {endpoint.value: endpoint for endpoint in EndpointKind}
    if name not in kinds:
        raise ValueError(f"is not an endpoint; there are {', '.join(kinds)}")
    return kinds[name]


def _timeout_s(value: Any) -> float:
    seconds = span(value) / 1e9
    if seconds > MAX_TIMEOUT_S:
        raise ValueError(f"must be at most 15m, Lambda's limit (it is {shown(value)})")
    return seconds


def _client_context(value: Any) -> str:
    """A table, or the text itself."""
    context = value if isinstance(value, str) else json.dumps(json_value(value))
    if len(context.encode()) > CLIENT_CONTEXT_LIMIT_BYTES // 4 * 3:
        raise ValueError(
            f"is too large: in base64 it may have {CLIENT_CONTEXT_LIMIT_BYTES} bytes at most"
        )
    return context


aws_function = narrowed(text, _aws_function)
"""The name or ARN of a function, or of a state machine."""
local_runtime = _matching(RUNTIME.pattern, f"one of {RUNTIMES}")
"""A runtime as AWS calls it, if it is one that can be run here."""
region = _matching(_REGION, 'a region such as "eu-central-1"')
_named_version = _matching(_QUALIFIER, "a version or an alias")
qualifier = Value(_qualifier, {"anyOf": [{"type": "integer", "minimum": 1}, _named_version.schema]})
url = narrowed(text, _url, {"pattern": "^https?://"})
"""A URL that a request can go to."""
proxy_url = narrowed(text, _plain_url, {"pattern": "^http://"})
"""A URL that may carry a user name and a password."""
method = _matching(_METHOD, 'a method such as "POST"')
path = narrowed(text, _path, {"pattern": "^/"})
header = Value(_header, {"type": "string"})
header_name = Value(_header_name, {"type": "string", "pattern": f"^{_TOKEN}$"})
variable = Value(_variable, {"type": "string"})
"""The value of an environment variable."""
endpoint_name = Value(
    _endpoint_name, {"enum": [kind.value for kind in EndpointKind]}, lambda kind: kind.value
)
function_timeout = Value(
    _timeout_s, span.schema, lambda seconds: write_duration(round(seconds * 1e9))
)
"""In seconds, as the embedded Lambda takes it."""
client_context = Value(_client_context, {"anyOf": [{"type": "string"}, {"type": "object"}]})
