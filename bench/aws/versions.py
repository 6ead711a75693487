"""One function in several memory sizes: a published version and an alias for each.

$LATEST is set to each size, published and set back before anything is measured; a version that
already has the size, the same code and the same configuration is used again. Versions and aliases
(`lamload-512MB`) stay for the next run; `bench.aws.undo` removes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from bench.aws.api import LambdaApi
from bench.aws.journal import Journal, Publishing
from bench.aws.refusals import AwsRefusal
from bench.errors import TargetError

LATEST = "$LATEST"

_SAME = (
    "Architectures",
    "CodeSha256",
    "EphemeralStorage",
    "Environment",
    "FileSystemConfigs",
    "Handler",
    "ImageConfigResponse",
    "KMSKeyArn",
    "Layers",
    "LoggingConfig",
    "PackageType",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)
"""What a version must share with $LATEST to stand for it in another size."""


def stands_for(version: Mapping[str, Any], latest: Mapping[str, Any]) -> bool:
    """Whether a version, as ListVersionsByFunction tells it, is $LATEST but for its memory size."""
    return all(version.get(key) == latest.get(key) for key in _SAME)


def _alias_of(memory_mb: int) -> str:
    """The alias of a size."""
    return f"lamload-{memory_mb}MB"


async def provide_sizes(
    latest: Mapping[str, Any], sizes: Sequence[int], api: LambdaApi, journal: Journal
) -> dict[int, str]:
    """An alias by size, of a version that has it. latest is the configuration as it was found.

    The journal is on disk before anything changes, and $LATEST has its own size again when this
    returns, raises or is cancelled. Raises TargetError.
    """
    listed = await api.pages("ListVersionsByFunction", "Versions", journal.changes.function)
    versions = _find(latest, sizes, listed)
    known = [str(version["Version"]) for version in listed]
    missing = [size for size in sizes if size not in versions]
    missing.sort(key=lambda size: size != latest["MemorySize"])
    try:
        for size in missing:
            versions[size] = await _publish(latest, size, known, api, journal)
            known.append(versions[size])
    finally:
        await _see_through(_set_back(api, journal))
    return {size: await _point_alias(size, versions[size], api, journal) for size in sizes}


async def _set_back(api: LambdaApi, journal: Journal) -> None:
    changes = journal.changes
    try:
        await restore_memory(api, journal)
    except TargetError as error:
        raise TargetError(
            f"{changes.function} may still have another size than its {changes.original_memory_mb} "
            f"MB, which `lamload restore` gives back: {error}"
        ) from error


async def restore_memory(api: LambdaApi, journal: Journal) -> int | None:
    """Give $LATEST its memory size back; the size, or None if there was nothing to do.

    A size that is none of those that were set here is somebody else's doing: it stays.
    """
    changes = journal.changes
    original = changes.original_memory_mb
    if original is None:
        return None
    restored = None
    found = await api.wait_until_active(changes.function, however=True)
    if found["MemorySize"] != original and found["MemorySize"] in changes.set_memory_mb:
        await _set_memory(original, api, changes.function)
        restored = original
    changes.original_memory_mb = None
    journal.write()
    return restored


def _find(
    latest: Mapping[str, Any], sizes: Sequence[int], listed: Sequence[Mapping[str, Any]]
) -> dict[int, str]:
    """The newest version of each size that can be used again."""
    return {
        version["MemorySize"]: version["Version"]
        for version in listed
        if version["Version"] != LATEST
        and version["MemorySize"] in sizes
        and stands_for(version, latest)
    }


async def _publish(
    latest: Mapping[str, Any], size: int, known: Sequence[str], api: LambdaApi, journal: Journal
) -> str:
    """A version of a size. known: those that are there already, of which it may become one."""
    changes = journal.changes
    if size != latest["MemorySize"]:
        changes.original_memory_mb = latest["MemorySize"]
        changes.set_memory_mb.append(size)
        journal.write()
        await _set_memory(size, api, changes.function)
    changes.publishing = Publishing(f"lamload {size} MB", list(known))
    journal.write()
    body = {"Description": changes.publishing.description}
    if latest.get("CodeSha256"):
        body["CodeSha256"] = latest["CodeSha256"]
    made = await api.call("PublishVersion", changes.function, body=body)
    version = str(made["Version"])
    changes.publishing = None
    if version not in known:  # AWS gives the newest one again if nothing has changed since
        changes.versions.append(version)
    journal.write()
    if made["MemorySize"] != size:
        raise TargetError(
            f"version {version} of {changes.function} has {made['MemorySize']} MB instead of "
            f"{size}: somebody else is changing the function; try again when it is left alone"
        )
    await api.wait_until_active(changes.function, version)
    return version


async def find_unanswered(api: LambdaApi, journal: Journal) -> None:
    """Note the version of a PublishVersion that nobody lived to hear the answer of."""
    changes, waiting = journal.changes, journal.changes.publishing
    if waiting is None:
        return
    listed = await api.pages("ListVersionsByFunction", "Versions", changes.function)
    changes.versions += [
        str(version["Version"])
        for version in listed
        if str(version["Version"]) not in (LATEST, *waiting.known, *changes.versions)
        and version.get("Description") == waiting.description
    ]
    changes.publishing = None
    journal.write()


async def _set_memory(size: int, api: LambdaApi, function: str) -> None:
    await api.call("UpdateFunctionConfiguration", function, body={"MemorySize": size})
    await api.wait_until_active(function)


async def _see_through(work: Coroutine[Any, Any, Any]) -> None:
    """Wait for work to end, also when this task is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _point_alias(size: int, version: str, api: LambdaApi, journal: Journal) -> str:
    changes, alias = journal.changes, _alias_of(size)
    found = await find_alias(changes.function, alias, api)
    before = str(found["FunctionVersion"]) if found else ""
    routing = (found or {}).get("RoutingConfig") or {}
    if before == version and not routing:
        return alias
    if alias not in changes.aliases:
        changes.aliases[alias] = before
        if routing:
            changes.routing[alias] = routing
    changes.led_to[alias] = version
    journal.write()
    body: dict[str, Any] = {"FunctionVersion": version, "RoutingConfig": {}}
    if not before:
        try:
            await api.call("CreateAlias", changes.function, body={"Name": alias, **body})
            return alias
        except AwsRefusal as refusal:
            if refusal.status != 409:  # made by an attempt of which the answer was lost
                raise
    await api.call("UpdateAlias", changes.function, alias, body=body)
    return alias


async def find_alias(function: str, alias: str, api: LambdaApi) -> dict[str, Any] | None:
    """An alias as GetAlias tells it, None where there is none of the name."""
    try:
        return await api.call("GetAlias", function, alias)
    except AwsRefusal as refusal:
        if refusal.status == 404:
            return None
        raise
