"""Reserved and provisioned concurrency, and the account's settings."""

from __future__ import annotations

from typing import Any

from bench.local.account import concurrency
from bench.local.account.arns import LATEST
from bench.local.account.records import Provisioned
from bench.local.control_plane import code, shapes
from bench.local.control_plane.request import OperationCall, StatusAndValue
from bench.local.http.api_error import invalid_parameter


def put_reserved(call: OperationCall) -> StatusAndValue:
    """PutFunctionConcurrency, of a function as a whole: 400 for a qualifier."""
    _unqualified(call)
    executions = call.needed_number("ReservedConcurrentExecutions", 0, 2**31 - 1)
    concurrency.put_reserved(call.store, call.name, executions)
    return 200, {"ReservedConcurrentExecutions": executions}


def get_reserved(call: OperationCall) -> StatusAndValue:
    """GetFunctionConcurrency; an empty object without a reservation."""
    reserved = call.store.function(call.name).reserved
    return 200, {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


def delete_reserved(call: OperationCall) -> StatusAndValue:
    """DeleteFunctionConcurrency: 204, also without a reservation; 400 for a qualifier."""
    _unqualified(call)
    concurrency.delete_reserved(call.store, call.name)
    return 204, None


def put_provisioned(call: OperationCall) -> StatusAndValue:
    """PutProvisionedConcurrencyConfig: 202, IN_PROGRESS until all environments are up."""
    executions = call.needed_number("ProvisionedConcurrentExecutions", 1, 2**31 - 1)
    held = concurrency.put_provisioned(call.store, call.name, _qualified(call), executions)
    made = shapes.provisioned(call, held)
    return 202, made


def get_provisioned(call: OperationCall) -> StatusAndValue:
    """GetProvisionedConcurrencyConfig, or ListProvisionedConcurrencyConfigs with List=ALL."""
    if call.asked("List") == "ALL":
        return _list_provisioned(call)
    held = concurrency.provisioned(call.store, call.name, _qualified(call))
    return 200, shapes.provisioned(call, held)


def delete_provisioned(call: OperationCall) -> StatusAndValue:
    """DeleteProvisionedConcurrencyConfig: 204, also when there is none."""
    concurrency.delete_provisioned(call.store, call.name, _qualified(call))
    return 204, None


def _list_provisioned(call: OperationCall) -> StatusAndValue:
    function = call.store.function(call.name)

    def shape(held: Provisioned) -> dict[str, Any]:
        arn = call.store.arn(function.name, held.qualifier)
        return {"FunctionArn": arn, **shapes.provisioned(call, held)}

    held = list(function.provisioned.values())
    return 200, call.page("ProvisionedConcurrencyConfigs", held, shape)


def account_settings(call: OperationCall) -> StatusAndValue:
    """GetAccountSettings: limits of the account, and what is used of them."""
    store = call.store
    return 200, {
        "AccountLimit": {
            "TotalCodeSize": code.STORAGE_LIMIT_BYTES,
            "CodeSizeUnzipped": code.UNZIPPED_LIMIT_BYTES,
            "CodeSizeZipped": code.ZIPPED_LIMIT_BYTES,
            "ConcurrentExecutions": store.account_concurrency,
            "UnreservedConcurrentExecutions": concurrency.unreserved(store),
        },
        "AccountUsage": {
            "TotalCodeSize": store.code_bytes(),
            "FunctionCount": len(store.functions),
        },
    }


def _unqualified(call: OperationCall) -> None:
    if call.store.ref(call.name).qualifier is not None:
        raise invalid_parameter(
            "This operation is permitted on Lambda functions only. Aliases and versions do not "
            "support this operation. Please specify either a function name or an unqualified "
            "function ARN."
        )


def _qualified(call: OperationCall) -> str:
    """The version or alias; `$LATEST` has no provisioned concurrency."""
    if call.wanted == LATEST and call.store.function(call.name):
        raise invalid_parameter(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    return call.wanted
