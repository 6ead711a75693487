"""Operations that deployment tools call on their way: kept and answered, without effect here."""

from __future__ import annotations

from typing import Any

from bench.local.control_plane.request import OperationCall, StatusAndValue
from bench.local.http.api_error import ApiError, invalid_parameter
from bench.model.times import NS_PER_S


def code_signing(call: OperationCall) -> StatusAndValue:
    """GetFunctionCodeSigningConfig: an empty ARN, since there is no code signing."""
    return 200, {"CodeSigningConfigArn": "", "FunctionName": call.store.function(call.name).name}


def runtime_management(call: OperationCall) -> StatusAndValue:
    """GetRuntimeManagementConfig: always `Auto`, as after CreateFunction."""
    version = call.store.version(call.name, call.qualifier)
    return 200, {"UpdateRuntimeOn": "Auto", "FunctionArn": version.config.arn}


def recursion(call: OperationCall) -> StatusAndValue:
    """GetFunctionRecursionConfig: what was put there last, `Terminate` at first."""
    held = call.store.function(call.name).extras.get("recursion", "Terminate")
    return 200, {"RecursiveLoop": held}


def put_recursion(call: OperationCall) -> StatusAndValue:
    """PutFunctionRecursionConfig: 400 for anything but `Allow` and `Terminate`."""
    wanted = call.choice("RecursiveLoop", ("Allow", "Terminate")) or call.needed_text(
        "RecursiveLoop"
    )
    call.store.function(call.name).extras["recursion"] = wanted
    return 200, {"RecursiveLoop": wanted}


def put_event_invoke(call: OperationCall) -> StatusAndValue:
    """PutFunctionEventInvokeConfig and UpdateFunctionEventInvokeConfig: both replace the whole."""
    version = call.store.version(call.name, call.qualifier)
    made: dict[str, Any] = {
        "FunctionArn": call.store.arn(version.config.name, call.wanted),
        "LastModified": call.store.clock_ns() / NS_PER_S,
        "DestinationConfig": dict(call.object("DestinationConfig") or {}),
    }
    for name, least, most in (
        ("MaximumRetryAttempts", 0, 2),
        ("MaximumEventAgeInSeconds", 60, 21_600),
    ):
        value = call.number(name, least, most)
        if value is not None:
            made[name] = value
    call.store.function(call.name).extras[f"event-invoke:{call.wanted}"] = made
    return 200, made


def get_event_invoke(call: OperationCall) -> StatusAndValue:
    """GetFunctionEventInvokeConfig: 404 if none was put there."""
    held = call.store.function(call.name).extras.get(f"event-invoke:{call.wanted}")
    if held is None:
        arn = call.store.arn(call.store.ref(call.name).name, call.wanted)
        raise ApiError(
            404,
            "ResourceNotFoundException",
            f"The function {arn} doesn't have an EventInvokeConfig",
        )
    return 200, held


def delete_event_invoke(call: OperationCall) -> StatusAndValue:
    """DeleteFunctionEventInvokeConfig: 204; 404 if none was put there."""
    get_event_invoke(call)
    del call.store.function(call.name).extras[f"event-invoke:{call.wanted}"]
    return 204, None


def list_event_invoke(call: OperationCall) -> StatusAndValue:
    """ListFunctionEventInvokeConfigs: of all qualifiers of the function."""
    extras = call.store.function(call.name).extras
    held = [value for key, value in extras.items() if key.startswith("event-invoke:")]
    return 200, call.page("FunctionEventInvokeConfigs", held, dict)


def no_event_sources(_call: OperationCall) -> StatusAndValue:
    """ListEventSourceMappings: always empty, since none can be made here."""
    return 200, {"EventSourceMappings": []}


def no_layers(_call: OperationCall) -> StatusAndValue:
    """ListLayers: always empty, since none can be published here."""
    return 200, {"Layers": []}


def no_code_signing_configs(_call: OperationCall) -> StatusAndValue:
    """ListCodeSigningConfigs: always empty, since none can be made here."""
    return 200, {"CodeSigningConfigs": []}


def synchronous_only(_call: OperationCall) -> StatusAndValue:
    """CreateEventSourceMapping: refused, with the reason."""
    raise invalid_parameter("The embedded Lambda is invoked by requests only: no event sources")
