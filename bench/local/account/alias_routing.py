"""How an alias shares invocations among versions, and which shares AWS accepts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from bench.local.account import arns
from bench.local.account.arns import LATEST
from bench.local.account.records import Alias, Function
from bench.local.http.api_error import (
    ApiError,
    invalid_parameter,
    not_found,
    validation_error,
)

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
    arns.check_version(version)
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
