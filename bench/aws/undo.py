"""Taking back what a run has changed in AWS: `lamload restore`."""

from __future__ import annotations

from bench.aws.api import AwsRefusal, LambdaApi
from bench.aws.journal import Journal
from bench.aws.versions import LATEST, restore_memory


async def undo(api: LambdaApi, journal: Journal) -> list[str]:
    """Undo everything in the journal, newest first; what was done, a line each.

    Can be called again after a failure: what is already gone is passed over. A version that
    somebody else's alias uses by now stays, and its line says so. Raises TargetError.
    """
    lines = []
    restored = await restore_memory(api, journal)
    if restored is not None:
        lines.append(f"{journal.changes.function} has {restored} MB again")
    lines += await _undo_urls(api, journal)
    lines += await _undo_aliases(api, journal)
    lines += await _undo_versions(api, journal)
    return lines


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
    for alias, before in list(changes.aliases.items()):
        if before:
            body = {"FunctionVersion": before, "RoutingConfig": {}}
            await api.call("UpdateAlias", changes.function, alias, body=body)
            lines.append(f"alias {alias} leads to version {before} again")
        elif await _gone(api, "DeleteAlias", changes.function, alias):
            lines.append(f"alias {alias} is deleted")
        del changes.aliases[alias]
        journal.write()
    return lines


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
