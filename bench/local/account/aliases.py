"""Aliases of a function: made, changed and deleted, as the control plane's operations want it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bench.local.account import arns
from bench.local.account.alias_routing import check_routing
from bench.local.account.records import Alias, Function
from bench.local.account.store import Store
from bench.local.http.api_error import ApiError, conflict, outdated_revision


def put_alias(
    store: Store,
    name_or_arn: str,
    alias: str,
    version: str,
    *,
    weights: Mapping[str, float] | None = None,
    description: str = "",
) -> Alias:
    """Create or replace an alias. weights: share 0..1 by version number.

    Raises ApiError: 404 for a missing function or version, 400 for weights or a name that
    cannot be.
    """
    function = store.function(name_or_arn)
    arns.check_alias_name(alias)
    check_routing(function, version, weights or {})
    made = Alias(
        alias,
        store.arn(function.name, alias),
        version,
        store.new_id(),
        description,
        dict(weights or {}),
    )
    function.aliases[alias] = made
    if alias in function.provisioned and function.provisioned[alias].version != version:
        _move_provisioned(store, function, alias, version)
    store.changed(function.name)
    return made


def _move_provisioned(store: Store, function: Function, alias: str, version: str) -> None:
    """Provisioned concurrency follows its alias: other environments must come up."""
    now_ns = store.clock_ns()
    function.provisioned[alias] = replace(
        function.provisioned[alias],
        version=version,
        modified_ns=now_ns,
        ready_ns=now_ns + store.pending_ns,
        allocated=None,
    )


def create_alias(
    store: Store,
    name_or_arn: str,
    alias: str,
    version: str,
    *,
    weights: Mapping[str, float] | None = None,
    description: str = "",
) -> Alias:
    """As put_alias, with 409 for an alias that exists."""
    function = store.function(name_or_arn)
    if alias in function.aliases:
        raise conflict(f"Alias already exists: {store.arn(function.name, alias)}")
    return put_alias(store, name_or_arn, alias, version, weights=weights, description=description)


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
    return put_alias(
        store,
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
