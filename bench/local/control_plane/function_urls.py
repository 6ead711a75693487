"""Operations on function URLs, whose requests bench.local.doors serves."""

from __future__ import annotations

from typing import Any

from bench.local.account import urls
from bench.local.account.arns import is_alias
from bench.local.account.records import FunctionUrl
from bench.local.control_plane import shapes
from bench.local.control_plane.request import OperationCall, StatusAndValue
from bench.local.http.api_error import ApiError, validation_error

AUTH_TYPES = ("NONE", "AWS_IAM")
INVOKE_MODES = ("BUFFERED", "RESPONSE_STREAM")


def create(call: OperationCall) -> StatusAndValue:
    """CreateFunctionUrlConfig: 201; 409 if the function or alias has one already."""
    ref = call.store.ref(call.name, call.qualifier)
    if ref.qualifier and not is_alias(ref.qualifier):
        raise validation_error(
            ref.qualifier,
            "qualifier",
            "satisfy regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)",
        )
    if ref.name not in call.store.functions:
        raise ApiError(404, "ResourceNotFoundException", "Function does not exist")
    auth_type = call.choice("AuthType", AUTH_TYPES) or call.needed_text("AuthType")
    made = urls.create_url(
        call.store,
        call.name,
        ref.qualifier,
        auth_type=auth_type,
        invoke_mode=call.choice("InvokeMode", INVOKE_MODES) or "BUFFERED",
        cors=call.object("Cors"),
    )
    shown = shapes.url(call, made)
    del shown["LastModifiedTime"]
    return 201, _as_asked(call, shown)


def _as_asked(call: OperationCall, shown: dict[str, Any]) -> dict[str, Any]:
    """The answer of a change, which has InvokeMode only where the request had it."""
    if call.body.get("InvokeMode") is None:
        del shown["InvokeMode"]
    return shown


def get(call: OperationCall) -> StatusAndValue:
    """GetFunctionUrlConfig: 404 if the function or alias has none."""
    return 200, shapes.url(call, urls.find_url(call.store, call.name, call.qualifier))


def update(call: OperationCall) -> StatusAndValue:
    """UpdateFunctionUrlConfig: what is not given stays; 404 without a URL."""
    made = urls.update_url(
        call.store,
        call.name,
        call.qualifier,
        auth_type=call.choice("AuthType", AUTH_TYPES),
        invoke_mode=call.choice("InvokeMode", INVOKE_MODES),
        cors=call.object("Cors"),
    )
    return 200, _as_asked(call, shapes.url(call, made))


def delete(call: OperationCall) -> StatusAndValue:
    """DeleteFunctionUrlConfig: 204; 404 if the function or alias has none."""
    urls.delete_url(call.store, call.name, call.qualifier)
    return 204, None


def list_urls(call: OperationCall) -> StatusAndValue:
    """ListFunctionUrlConfigs: of the function and its aliases."""
    name = call.store.function(call.name).name
    held: list[FunctionUrl] = [url for url in call.store.urls.values() if url.name == name]
    return 200, call.page("FunctionUrlConfigs", held, lambda url: shapes.url(call, url))
