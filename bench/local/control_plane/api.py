"""The Lambda API but for invocations, REST-JSON as the SDKs speak it.

Routes go by the raw path; labels are decoded afterwards, because names come percent-encoded.
Source: botocore's Lambda service model: each operation with the version in its path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from bench.lambda_facts import REQUEST_ID_HEADER
from bench.local.account.store import Store
from bench.local.control_plane import aliases, concurrency, function_urls, functions, policy, stubs
from bench.local.control_plane.request import OperationCall, StatusAndValue, read_body, read_query
from bench.local.http.api_error import ApiError
from bench.local.model import HttpRequest, HttpResponse

Operation = Callable[[OperationCall], StatusAndValue]

AWS_URL_TEMPLATE = "https://{url_id}.lambda-url.{region}.on.aws/"

_ROUTES: tuple[tuple[str, str, Operation], ...] = (
    ("POST", "2015-03-31/functions", functions.create),
    ("GET", "2015-03-31/functions", functions.list_functions),
    ("GET", "2015-03-31/functions/*", functions.get),
    ("DELETE", "2015-03-31/functions/*", functions.delete),
    ("GET", "2015-03-31/functions/*/configuration", functions.get_configuration),
    ("PUT", "2015-03-31/functions/*/configuration", functions.update_configuration),
    ("PUT", "2015-03-31/functions/*/code", functions.update_code),
    ("POST", "2015-03-31/functions/*/versions", functions.publish),
    ("GET", "2015-03-31/functions/*/versions", functions.list_versions),
    ("POST", "2015-03-31/functions/*/aliases", aliases.create),
    ("GET", "2015-03-31/functions/*/aliases", aliases.list_aliases),
    ("GET", "2015-03-31/functions/*/aliases/*", aliases.get),
    ("PUT", "2015-03-31/functions/*/aliases/*", aliases.update),
    ("DELETE", "2015-03-31/functions/*/aliases/*", aliases.delete),
    ("POST", "2015-03-31/functions/*/policy", policy.add_permission),
    ("GET", "2015-03-31/functions/*/policy", policy.get_policy),
    ("DELETE", "2015-03-31/functions/*/policy/*", policy.remove_permission),
    ("PUT", "2017-10-31/functions/*/concurrency", concurrency.put_reserved),
    ("DELETE", "2017-10-31/functions/*/concurrency", concurrency.delete_reserved),
    ("GET", "2019-09-30/functions/*/concurrency", concurrency.get_reserved),
    ("PUT", "2019-09-30/functions/*/provisioned-concurrency", concurrency.put_provisioned),
    ("GET", "2019-09-30/functions/*/provisioned-concurrency", concurrency.get_provisioned),
    ("DELETE", "2019-09-30/functions/*/provisioned-concurrency", concurrency.delete_provisioned),
    ("POST", "2021-10-31/functions/*/url", function_urls.create),
    ("GET", "2021-10-31/functions/*/url", function_urls.get),
    ("PUT", "2021-10-31/functions/*/url", function_urls.update),
    ("DELETE", "2021-10-31/functions/*/url", function_urls.delete),
    ("GET", "2021-10-31/functions/*/urls", function_urls.list_urls),
    ("GET", "2016-08-19/account-settings", concurrency.account_settings),
    ("GET", "2017-03-31/tags/*", policy.list_tags),
    ("POST", "2017-03-31/tags/*", policy.tag),
    ("DELETE", "2017-03-31/tags/*", policy.untag),
    ("GET", "2020-06-30/functions/*/code-signing-config", stubs.code_signing),
    ("GET", "2020-04-22/code-signing-configs", stubs.no_code_signing_configs),
    ("GET", "2021-07-20/functions/*/runtime-management-config", stubs.runtime_management),
    ("GET", "2024-08-31/functions/*/recursion-config", stubs.recursion),
    ("PUT", "2024-08-31/functions/*/recursion-config", stubs.put_recursion),
    ("PUT", "2019-09-25/functions/*/event-invoke-config", stubs.put_event_invoke),
    ("POST", "2019-09-25/functions/*/event-invoke-config", stubs.put_event_invoke),
    ("GET", "2019-09-25/functions/*/event-invoke-config", stubs.get_event_invoke),
    ("DELETE", "2019-09-25/functions/*/event-invoke-config", stubs.delete_event_invoke),
    ("GET", "2019-09-25/functions/*/event-invoke-config/list", stubs.list_event_invoke),
    ("GET", "2015-03-31/event-source-mappings", stubs.no_event_sources),
    ("POST", "2015-03-31/event-source-mappings", stubs.synchronous_only),
    ("GET", "2018-10-31/layers", stubs.no_layers),
)
"""Method, path (a star is a label), operation."""

_INVOCATIONS = frozenset({"invocations", "response-streaming-invocations", "invoke-async"})
_API_VERSION = re.compile(r"20\d\d-\d\d-\d\d")

PathPattern = tuple[str | None, ...]


def _shape(path: str) -> PathPattern:
    return tuple(None if part == "*" else part for part in path.split("/"))


_BY_SHAPE: dict[tuple[str, PathPattern], Operation] = {
    (method, _shape(path)): operation for method, path, operation in _ROUTES
}
_SHAPES = sorted({shape for _, shape in _BY_SHAPE}, key=lambda shape: shape.count(None))
"""Those with fewer labels first, so that a fixed part wins over a label."""


class ControlPlane:
    """Answers every call of the Lambda API that is no invocation.

    code_root is where code archives are unpacked. url_template makes a function's URL of {url_id}
    and {region}.
    """

    def __init__(
        self, store: Store, code_root: Path, *, url_template: str = AWS_URL_TEMPLATE
    ) -> None:
        self._store = store
        self._code_root = code_root
        self.url_template = url_template

    def handle(self, request: HttpRequest) -> HttpResponse | None:
        """The answer; None when the path is none of the control plane's. Never raises."""
        parts = tuple(request.raw_path.strip("/").split("/"))
        if not _API_VERSION.fullmatch(parts[0]) or parts[-1] in _INVOCATIONS:
            return None
        request_id = self._store.new_id()
        try:
            status, value = self._answer(request, parts)
        except ApiError as error:
            return error.response(request_id)
        return _response(status, value, request_id)

    def _answer(self, request: HttpRequest, parts: tuple[str, ...]) -> StatusAndValue:
        shape = next((shape for shape in _SHAPES if _fits(shape, parts)), None)
        operation = _BY_SHAPE.get((request.method, shape)) if shape else None
        if shape is None or operation is None:
            raise ApiError(404, "UnknownOperationException", None, type="")
        labels = zip(parts, shape, strict=True)
        return operation(
            OperationCall(
                store=self._store,
                code_root=self._code_root,
                url_template=self.url_template,
                labels=tuple(unquote(part) for part, fixed in labels if fixed is None),
                query=read_query(request.raw_query),
                body=read_body(request.body),
            )
        )


def carries_code(request: HttpRequest) -> bool:
    """Whether an operation is one whose body holds an archive."""
    parts = tuple(request.raw_path.strip("/").split("/"))
    operation = next(
        (
            operation
            for (method, shape), operation in _BY_SHAPE.items()
            if method == request.method and _fits(shape, parts)
        ),
        None,
    )
    return operation in (functions.create, functions.update_code)


def _fits(shape: PathPattern, parts: tuple[str, ...]) -> bool:
    return len(shape) == len(parts) and all(
        part if fixed is None else part == fixed for fixed, part in zip(shape, parts, strict=True)
    )


def _response(status: int, value: object, request_id: str) -> HttpResponse:
    headers = (("Content-Type", "application/json"), (REQUEST_ID_HEADER, request_id))
    body = b"" if value is None else json.dumps(value, separators=(",", ":")).encode()
    return HttpResponse(status, headers, body)
