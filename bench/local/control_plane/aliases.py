"""Operations on aliases, which may spread calls over two versions by weight."""

from __future__ import annotations

from collections.abc import Mapping

from bench.local.account.aliases import create_alias, delete_alias, update_alias
from bench.local.control_plane import shapes
from bench.local.control_plane.request import OperationCall, StatusAndValue, unreadable


def create(call: OperationCall) -> StatusAndValue:
    """CreateAlias: 201 with the alias; 409 if there is one of that name."""
    made = create_alias(
        call.store,
        call.name,
        call.needed_text("Name"),
        call.needed_text("FunctionVersion"),
        weights=_weights(call),
        description=call.text("Description", longest=256) or "",
    )
    return 201, shapes.alias(made)


def get(call: OperationCall) -> StatusAndValue:
    """GetAlias: 404 if there is none of that name."""
    return 200, shapes.alias(call.store.alias(call.name, call.labels[1]))


def update(call: OperationCall) -> StatusAndValue:
    """UpdateAlias; an empty RoutingConfig takes the weights away."""
    made = update_alias(
        call.store,
        call.name,
        call.labels[1],
        version=call.text("FunctionVersion"),
        weights=_weights(call),
        description=call.text("Description", longest=256),
        revision_id=call.text("RevisionId"),
    )
    return 200, shapes.alias(made)


def delete(call: OperationCall) -> StatusAndValue:
    """DeleteAlias: 204, also when there is none of that name."""
    delete_alias(call.store, call.name, call.labels[1])
    return 204, None


def list_aliases(call: OperationCall) -> StatusAndValue:
    """ListAliases, of one version if FunctionVersion says so."""
    version = call.asked("FunctionVersion")
    aliases = sorted(call.store.function(call.name).aliases.items())
    found = [
        held
        for _, held in aliases
        if version is None or version == held.version or version in held.weights
    ]
    return 200, call.page("Aliases", found, shapes.alias)


def _weights(call: OperationCall) -> Mapping[str, float] | None:
    """AdditionalVersionWeights; None if the call says nothing of routing."""
    given = call.object("RoutingConfig")
    if given is None:
        return None
    weights = given.get("AdditionalVersionWeights") or {}
    if not isinstance(weights, dict):
        raise unreadable("AdditionalVersionWeights must be an object")
    for weight in weights.values():
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise unreadable("a weight must be a number")
    return {version: float(weight) for version, weight in weights.items()}
