"""Aliases: how they share invocations among versions, which shares AWS accepts, their changes."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING

from bench.local import names
from bench.local.api_error import (
    ApiError,
    conflict,
    invalid_parameter,
    not_found,
    outdated_revision,
    validation_error,
)
from bench.local.names import LATEST
from bench.local.records import Alias, Function

if TYPE_CHECKING:
    from bench.local.store import Store

_MEMBER = "routingConfig.additionalVersionWeights"


def draw(alias: Alias, rng: Random) -> str:
    """The version that one invocation of the alias runs."""
    at = rng.random()
    for version, weight in alias.weights.items():
        at -= weight
        if at < 0:
            return version
    return alias.version


def check_routing(function: Function, version: str, weights: Mapping[str, float]) -> None:
    """Refuse a version or weights that no alias of the function can have (400, 404)."""
    names.check_version(version)
    if weights:
        _check_weights(version, weights)
    for number in (version, *weights):
        if number not in function.versions:
            raise not_found(f"{function.arn}:{number}")


def _check_weights(version: str, weights: Mapping[str, float]) -> None:
    if len(weights) > 1:
        raise invalid_parameter(
            "Number of items in AdditionalVersionWeights cannot be greater than 1"
        )
    ((number, weight),) = weights.items()
    shown = f"{{{number}={weight}}}"
    if not 0.0 <= weight <= 1.0:
        raise validation_error(
            shown,
            _MEMBER,
            "Member must have value less than or equal to 1.0, "
            "Member must have value greater than or equal to 0.0, Member must not be null",
            subject="Map value",
        )
    if number == LATEST or not number.isdecimal():
        raise validation_error(
            shown,
            _MEMBER,
            "Member must have length less than or equal to 1024, "
            "Member must have length greater than or equal to 1, "
            "Member must satisfy regular expression pattern: [0-9]+, Member must not be null",
            subject="Map keys",
        )
    if version == LATEST:
        raise ApiError(
            400,
            "InvalidParameterValueException",
            "$LATEST is not supported for an alias pointing to more than 1 version",
            type="",
        )
    if version == number:
        raise invalid_parameter(
            f"Invalid function version {version}. Function version {version} is already "
            "included in routing configuration."
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
