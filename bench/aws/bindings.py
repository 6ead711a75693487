"""A function on AWS, made ready to be measured: every variant with a size and a place to call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.aws.api import LambdaApi
from bench.aws.credentials import find_region
from bench.aws.front_doors import FrontDoors, bind_machine, is_state_machine
from bench.aws.initialization import check_initialization
from bench.aws.journal import Changes, Journal
from bench.aws.places import Place, service_url
from bench.aws.versions import LATEST, provide_sizes
from bench.errors import TargetError
from bench.model.load import Binding
from bench.model.profile import Architecture, Target, Variant

_ACCOUNT = re.compile(r"\d{12}")
_FACTS = (
    "Architectures",
    "CodeSha256",
    "CodeSize",
    "EphemeralStorage",
    "FunctionArn",
    "Handler",
    "LastModified",
    "MemorySize",
    "PackageType",
    "Runtime",
    "RuntimeVersionConfig",
    "SnapStart",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)
"""What the manifest keeps of a configuration: no environment, which may hold secrets."""


@dataclass(frozen=True, slots=True)
class BoundFunction:
    """bindings in the order of the variants; facts is the configuration as it was found."""

    bindings: tuple[Binding, ...]
    account: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FunctionName:
    """target.function taken apart. name is a name or an ARN without qualifier."""

    name: str
    qualifier: str | None
    region: str | None

    @classmethod
    def parse(cls, text: str) -> FunctionName:
        """Read a name, a partial ARN or a full one, with or without a qualifier."""
        parts = text.split(":")
        if "function" in parts:
            at = parts.index("function") + 1
        else:
            at = 1 if len(parts) > 1 and _ACCOUNT.fullmatch(parts[0]) else 0
        region = parts[3] if parts[0] == "arn" and len(parts) > 3 else None
        return cls(":".join(parts[: at + 1]), ":".join(parts[at + 1 :]) or None, region)


def place_of(target: Target, environ: Mapping[str, str]) -> Place:
    """Region and URL of the Lambda API: a full ARN knows its region. Raises TargetError."""
    known = FunctionName.parse(target.function or "").region
    region = find_region(environ, known or target.region)
    return Place(region, service_url("lambda", region, environ))


def changes_of(target: Target, place: Place) -> Changes:
    """Where a journal of the target begins: nothing has been changed."""
    return Changes(FunctionName.parse(target.function or "").name, place.region, place.url)


async def bind_variants(
    target: Target,
    variants: Sequence[Variant],
    *,
    api: LambdaApi,
    journal: Journal,
    environ: Mapping[str, str],
) -> BoundFunction:
    """Provide every memory size and say where each variant is called.

    What is changed in AWS for it stands in the journal beforehand; the configuration of $LATEST is
    as it was when this ends, whichever way. Raises TargetError, with the mend.
    """
    function = target.function or ""
    if is_state_machine(function):
        account = function.split(":")[4]
        return BoundFunction(bind_machine(function, variants, environ), account, {})
    name = FunctionName.parse(function)
    latest = await api.wait_until_active(name.name)
    _check_architecture(latest, variants)
    doors = FrontDoors(target, api, journal, environ)
    await doors.load(variants)
    fixed = target.qualifier or name.qualifier
    qualifiers = await _qualifiers(latest, fixed, variants, api, journal)
    bindings = []
    for variant in variants:
        qualifier = qualifiers[variant.memory_mb or 0]
        if variant.initialization or "initialization" in variant.differ:
            await check_initialization(variant, name.name, qualifier, api)
        if variant.endpoint.facts.is_at_api:
            bindings.append(_at_api(variant, name.name, qualifier, api.place))
        else:
            bindings.append(await doors.bind(variant, qualifier))
    facts = {key: latest[key] for key in _FACTS if key in latest}
    return BoundFunction(tuple(bindings), latest["FunctionArn"].split(":")[4], facts)


async def _qualifiers(
    latest: Mapping[str, Any],
    fixed: str | None,
    variants: Sequence[Variant],
    api: LambdaApi,
    journal: Journal,
) -> dict[int, str]:
    """A qualifier for each size; fixed is the one that the user insists on."""
    sizes = sorted({variant.memory_mb or 0 for variant in variants})
    if 0 in sizes:
        raise TargetError("every variant of a function on AWS needs memory_mb")
    function = journal.changes.function
    found = latest if fixed in (None, LATEST) else await api.wait_until_active(function, fixed)
    if sizes == [found["MemorySize"]]:
        return {sizes[0]: fixed or LATEST}
    if fixed is not None:
        raise TargetError(
            f"{function}:{fixed} has {found['MemorySize']} MB and the profile asks for "
            f"{', '.join(map(str, sizes))} MB: take out the qualifier, and lamload publishes a "
            "version for each size"
        )
    return await provide_sizes(latest, sizes, api, journal)


def _at_api(variant: Variant, function: str, qualifier: str, place: Place) -> Binding:
    return Binding(
        variant=variant,
        url=place.url,
        function=function,
        qualifier=qualifier,
        region=place.region,
        sign=True,
    )


def _check_architecture(latest: Mapping[str, Any], variants: Sequence[Variant]) -> None:
    has = (latest.get("Architectures") or [Architecture.X86_64.value])[0]
    for variant in variants:
        if variant.architecture.value != has:
            raise TargetError(
                f"{latest['FunctionName']} is built for {has} and {variant.name} asks for "
                f'{variant.architecture.value}: set architecture = "{has}", or deploy a function '
                "for the other"
            )
