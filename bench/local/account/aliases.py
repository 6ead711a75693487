"""Aliases of a function: made, changed and deleted, as the control plane's operations want it."""

from __future__ import annotations

from collections.abc import Mapping

from bench.local.account.records import Alias
from bench.local.account.store import Store
from bench.local.http.api_error import ApiError, conflict, outdated_revision


def create_alias(
    store: Store,
    name_or_arn: str,
    alias: str,
    version: str,
    *,
    weights: Mapping[str, float] | None = None,
    description: str = "",
) -> Alias:
    """As Store.put_alias, with 409 for an alias that exists."""
    function = store.function(name_or_arn)
    if alias in function.aliases:
        raise conflict(f"Alias already exists: {store.arn(function.name, alias)}")
    return store.put_alias(name_or_arn, alias, version, weights=weights, description=description)


def update_alias(
    store: Store,
    name_or_arn: str,
    alias: str,
    *,
    version: str | None = None,
    weights: Mapping[str, float] | None = None,
    description: str | None = None,
    revision_id: str | None = None,
) -> Alias:
    """Change what is given, keep the rest. Raises 404 and 412 besides put_alias's errors."""
    function = store.function(name_or_arn)
    before = function.aliases.get(alias)
    if before is None:
        arn = store.arn(function.name, alias)
        raise ApiError(404, "ResourceNotFoundException", f"Alias not found: {arn}")
    if revision_id and revision_id != before.revision_id:
        raise outdated_revision()
    return store.put_alias(
        name_or_arn,
        alias,
        version or before.version,
        weights=before.weights if weights is None else weights,
        description=before.description if description is None else description,
    )


def delete_alias(store: Store, name_or_arn: str, alias: str) -> None:
    """Remove an alias, its provisioned concurrency and URL; without one, nothing happens."""
    function = store.function(name_or_arn)
    for held in (function.aliases, function.provisioned, function.policies):
        held.pop(alias, None)
    store.drop_urls(function.name, alias)
    store.changed(function.name)
