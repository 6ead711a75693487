"""Published versions: one of what `$LATEST` is, and one for each of several memory sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.local.account.aliases import put_alias
from bench.local.account.arns import LATEST
from bench.local.account.records import Function, Version
from bench.local.account.store import Store
from bench.local.http.api_error import invalid_parameter


def publish(
    store: Store,
    name_or_arn: str,
    *,
    description: str | None = None,
    code_sha256: str | None = None,
    revision_id: str | None = None,
) -> Version:
    """A numbered version of `$LATEST`; the newest one again if nothing changed since.

    Raises ApiError: 404, 409 while `$LATEST` is being created or updated, 412, and 400 when
    code_sha256 is not that of the code.
    """
    function = store.function(name_or_arn)
    latest = function.versions[LATEST]
    store.check_revision(latest, revision_id)
    store.check_idle(latest)
    if code_sha256 and code_sha256 != latest.settings.code_sha256:
        raise invalid_parameter(
            f"CodeSHA256 ({code_sha256}) is different from current CodeSHA256 in $LATEST "
            f"({latest.settings.code_sha256}). Please try again with the CodeSHA256 in $LATEST."
        )
    return publish_pending(store, function, description)


def publish_pending(store: Store, function: Function, description: str | None = None) -> Version:
    """Publish without checks: CreateFunction and UpdateFunctionCode publish what is pending.

    The new version settles when `$LATEST` does.
    """
    latest = function.versions[LATEST]
    newest = function.versions.get(str(function.next_version - 1))
    if newest is not None and not newest.preset and _same(newest, latest):
        return newest
    number = str(function.next_version)
    settings = latest.settings
    if description is not None:
        settings = replace(settings, description=description)
    revision_id = store.new_id()
    version = replace(
        latest,
        config=replace(latest.config, arn=store.arn(function.name, number), version=number),
        settings=settings,
        revision_id=revision_id,
        interim_id=revision_id,
        build_id=store.new_id(),
        modified_ns=store.clock_ns(),
        active_ns=max(latest.active_ns, latest.updated_ns),
        updated_ns=latest.active_ns,
        previous=None,
        source_description=latest.settings.description,
    )
    function.versions[number] = version
    function.versions[LATEST] = replace(latest, revision_id=store.new_id())
    function.next_version += 1
    store.changed(function.name)
    return version


def publish_sizes(store: Store, name: str, sizes_mb: Sequence[int]) -> dict[int, str]:
    """A published version per memory size, each with an alias such as `128MB`: alias by size.

    All are active at once; `$LATEST` keeps the last size.
    """
    aliases = {}
    for size_mb in sizes_mb:
        latest = store.version(name)
        config = replace(latest.config, memory_mb=size_mb)
        store.update(name, config, latest.settings, ready=True)
        number = publish(store, name, description=f"{size_mb} MB").config.version
        versions = store.functions[name].versions
        versions[number] = replace(versions[number], preset=True)
        aliases[size_mb] = f"{size_mb}MB"
        put_alias(store, name, aliases[size_mb], number)
    return aliases


def _same(published: Version, latest: Version) -> bool:
    """Whether code and configuration are those of the published version."""
    config = replace(published.config, arn=latest.config.arn, version=LATEST)
    settings = replace(published.settings, description=published.source_description)
    return config == latest.config and settings == latest.settings
