"""Taking back what a run has changed in AWS: `lamload restore`."""

from __future__ import annotations

from bench.aws.api import LambdaApi
from bench.aws.journal import Changes, Journal
from bench.aws.refusals import AwsRefusal
from bench.aws.versions import LATEST, find_alias, find_unanswered, restore_memory


async def undo(api: LambdaApi, journal: Journal) -> list[str]:
    """Undo everything in the journal, newest first; what was done, a line each.

    Can be called again after a failure: what is already gone is passed over. A version that
    somebody else's alias uses by now stays, and its line says so. Raises TargetError.
    """
    if not await _is_there(api, journal.changes.function):
        journal.forget()
        return [f"{journal.changes.function} is gone, and with it everything that was changed"]
    lines = []
    await find_unanswered(api, journal)
    restored = await restore_memory(api, journal)
    if restored is not None:
        lines.append(f"{journal.changes.function} has {restored} MB again")
    lines += await _undo_urls(api, journal)
    lines += await _undo_aliases(api, journal)
    lines += await _undo_versions(api, journal)
    return lines or [f"{journal.changes.function} is as it was: nothing is left to undo"]


async def _is_there(api: LambdaApi, function: str) -> bool:
    try:
        await api.configuration(function)
    except AwsRefusal as refusal:
        if refusal.status == 404:
            return False
        raise
    return True


async def _undo_urls(api: LambdaApi, journal: Journal) -> list[str]:
    lines = []
    changes = journal.changes
    while changes.function_urls:
        qualifier = changes.function_urls[-1]
        query = {} if qualifier == LATEST else {"Qualifier": qualifier}
        if await _gone(api, "DeleteFunctionUrlConfig", changes.function, **query):
            lines.append(f"the function URL of {qualifier} is deleted")
        changes.function_urls.pop()
        journal.write()
    return lines


async def _undo_aliases(api: LambdaApi, journal: Journal) -> list[str]:
    lines = []
    changes = journal.changes
    for alias in list(changes.aliases):
        lines += await _undo_alias(api, changes, alias)
        del changes.aliases[alias]
        changes.routing.pop(alias, None)
        changes.led_to.pop(alias, None)
        journal.write()
    return lines


async def _undo_alias(api: LambdaApi, changes: Changes, alias: str) -> list[str]:
    before, led_to = changes.aliases[alias], changes.led_to.get(alias)
    found = await find_alias(changes.function, alias, api)
    if found is None:
        return []
    leads_to = str(found["FunctionVersion"])
    if led_to is not None and leads_to not in (led_to, before):
        return [f"alias {alias} stays: somebody has pointed it to version {leads_to}"]
    routing = changes.routing.get(alias, {})
    if before and leads_to == before and (found.get("RoutingConfig") or {}) == routing:
        return []
    if not before:
        gone = await _gone(api, "DeleteAlias", changes.function, alias)
        return [f"alias {alias} is deleted"] if gone else []
    body = {"FunctionVersion": before, "RoutingConfig": routing}
    await api.call("UpdateAlias", changes.function, alias, body=body)
    return [f"alias {alias} leads to version {before} again"]


async def _undo_versions(api: LambdaApi, journal: Journal) -> list[str]:
    lines = []
    changes = journal.changes
    while changes.versions:
        version = changes.versions[-1]
        try:
            if await _gone(api, "DeleteFunction", changes.function, Qualifier=version):
                lines.append(f"version {version} is deleted")
        except AwsRefusal as refusal:
            if refusal.status != 409:
                raise
            lines.append(f"version {version} stays, because it is in use: {refusal}")
        changes.versions.pop()
        journal.write()
    return lines


async def _gone(api: LambdaApi, operation: str, *labels: str, **query: str) -> bool:
    """Delete something; False if it was not there any more."""
    try:
        await api.call(operation, *labels, **query)
    except AwsRefusal as refusal:
        if refusal.status == 404:
            return False
        raise
    return True
