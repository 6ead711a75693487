"""Function URLs: at most one for the function itself and one for each alias."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bench.local.account.records import FunctionUrl
from bench.local.account.store import Store
from bench.local.http.api_error import ApiError, conflict

NO_RESOURCE = "The resource you requested does not exist."


def url_id(arn: str) -> str:
    """The label of a function URL's host, 32 letters and digits; the same for the same ARN."""
    return hashlib.sha256(arn.encode()).hexdigest()[:32]


def create_url(
    store: Store,
    name_or_arn: str,
    qualifier: str | None,
    *,
    auth_type: str = "NONE",
    invoke_mode: str = "BUFFERED",
    cors: Mapping[str, Any] | None = None,
) -> FunctionUrl:
    """Add a URL. Raises ApiError 404, and 409 if there is one already."""
    function = store.function(name_or_arn)
    if qualifier:
        store.alias(function.name, qualifier)
    arn = store.arn(function.name, qualifier)
    if url_id(arn) in store.urls:
        raise conflict(
            f"Failed to create function url config for [functionArn = {arn}]. Error message:  "
            "FunctionUrlConfig exists for this Lambda function"
        )
    now_ns = store.clock_ns()
    url = FunctionUrl(
        url_id(arn),
        function.name,
        qualifier or None,
        arn,
        auth_type,
        invoke_mode,
        now_ns,
        now_ns,
        cors,
    )
    store.urls[url.url_id] = url
    return url


def find_url(store: Store, name_or_arn: str, qualifier: str | None) -> FunctionUrl:
    """The URL of a function or alias; raises ApiError 404 without one."""
    ref = store.ref(name_or_arn, qualifier)
    found = store.urls.get(url_id(store.arn(ref.name, ref.qualifier)))
    if found is None:
        raise ApiError(404, "ResourceNotFoundException", NO_RESOURCE)
    return found


def update_url(
    store: Store,
    name_or_arn: str,
    qualifier: str | None,
    *,
    auth_type: str | None = None,
    invoke_mode: str | None = None,
    cors: Mapping[str, Any] | None = None,
) -> FunctionUrl:
    """Change what is given, keep the rest. Raises ApiError 404."""
    before = find_url(store, name_or_arn, qualifier)
    after = replace(
        before,
        auth_type=auth_type or before.auth_type,
        invoke_mode=invoke_mode or before.invoke_mode,
        cors=before.cors if cors is None else cors,
        modified_ns=store.clock_ns(),
    )
    store.urls[after.url_id] = after
    return after


def delete_url(store: Store, name_or_arn: str, qualifier: str | None) -> None:
    """Remove a URL. Raises ApiError 404 without one."""
    del store.urls[find_url(store, name_or_arn, qualifier).url_id]
