"""Reserved and provisioned concurrency: who may keep how much of the account's."""

from __future__ import annotations

from dataclasses import replace

from bench.local.account import arns
from bench.local.account.arns import LATEST
from bench.local.account.records import Function, Provisioned
from bench.local.account.store import Store
from bench.local.http.api_error import ApiError, invalid_parameter

UNRESERVED_MINIMUM = 100
"""What AWS keeps back from reservations for functions without one; nothing in smaller accounts."""


def unreserved(store: Store) -> int:
    """Concurrency of the account that no function has reserved."""
    taken = sum(function.reserved or 0 for function in store.functions.values())
    return max(0, store.account_concurrency - taken)


def total_provisioned(function: Function) -> int:
    """Concurrency that is kept for versions and aliases of a function."""
    return sum(held.requested for held in function.provisioned.values())


def put_reserved(store: Store, name_or_arn: str, executions: int) -> None:
    """Reserve concurrency; 0 throttles everything.

    Raises ApiError 404, and 400 when the account has not enough or provisioned concurrency is more.
    """
    function = store.function(name_or_arn)
    minimum = UNRESERVED_MINIMUM if store.account_concurrency > UNRESERVED_MINIMUM else 0
    available = unreserved(store) + (function.reserved or 0)
    if executions and available - executions < minimum:
        raise invalid_parameter(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{minimum}]."
        )
    provisioned = total_provisioned(function)
    if executions < provisioned:
        raise ApiError(
            400,
            "InvalidParameterValueException",
            f" ReservedConcurrentExecutions  {executions} should not be lower than function's "
            f"total provisioned concurrency [{provisioned}].",
            type="",
        )
    function.reserved = executions
    store.changed(function.name)


def delete_reserved(store: Store, name_or_arn: str) -> None:
    """Give the reservation back to the account; without one, nothing happens."""
    function = store.function(name_or_arn)
    function.reserved = None
    store.changed(function.name)


def put_provisioned(store: Store, name_or_arn: str, qualifier: str, executions: int) -> Provisioned:
    """Keep environments up for a version or alias.

    Raises ApiError 404, and 400 for `$LATEST` or more than there is.
    """
    function = store.function(name_or_arn)
    if qualifier == LATEST:
        raise invalid_parameter(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    number = _published(store, function, qualifier)
    _check_provisioned(store, function, qualifier, number, executions)
    now_ns = store.clock_ns()
    held = Provisioned(qualifier, number, executions, now_ns, now_ns + store.pending_ns)
    function.provisioned[qualifier] = held
    store.changed(function.name)
    return held


def provisioned(store: Store, name_or_arn: str, qualifier: str) -> Provisioned:
    """The provisioned concurrency of a version or alias; raises 404 without any."""
    held = store.function(name_or_arn).provisioned.get(qualifier)
    if held is None:
        raise ApiError(
            404,
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
        )
    return held


def report_allocated(
    store: Store, name: str, qualifier: str, allocated: int, *, init_fails: bool = False
) -> None:
    """Tell how many provisioned environments are really up; that then counts, not the clock."""
    held = provisioned(store, name, qualifier)
    told = replace(held, allocated=allocated, init_fails=init_fails)
    store.functions[name].provisioned[qualifier] = told


def delete_provisioned(store: Store, name_or_arn: str, qualifier: str) -> None:
    """Stop keeping environments up; without any, nothing happens."""
    function = store.function(name_or_arn)
    function.provisioned.pop(qualifier, None)
    store.changed(function.name)


def _published(store: Store, function: Function, qualifier: str) -> str:
    if arns.is_alias(qualifier):
        return store.alias(function.name, qualifier).version
    return store.version(function.name, qualifier).config.version


def _check_provisioned(
    store: Store, function: Function, qualifier: str, number: str, executions: int
) -> None:
    others = [held for q, held in function.provisioned.items() if q != qualifier]
    if any(held.version == number for held in others):
        raise invalid_parameter(
            "Alias can't be used for Provisioned Concurrency configuration on an already "
            "Provisioned version"
            if arns.is_alias(qualifier)
            else "Version is pointed by a Provisioned Concurrency alias"
        )
    total = executions + sum(held.requested for held in others)
    if function.reserved is None and total > unreserved(store):
        raise invalid_parameter(
            "Specified ConcurrentExecutions for function is greater than account's "
            f"unreserved concurrency [{unreserved(store)}]."
        )
    if function.reserved is not None and total > function.reserved:
        raise invalid_parameter(
            "Requested Provisioned Concurrency should not be greater than the "
            "reservedConcurrentExecution for function"
        )
