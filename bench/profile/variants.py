"""What is measured: [[variants]], each a product of endpoints, memory sizes and architectures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from bench.model.profile import Architecture, EndpointKind, EventSpec, Target, TargetKind, Variant
from bench.profile.events import check_event
from bench.schema.table import Table
from bench.schema.values import choice, whole

MIN_MEMORY_MB, MAX_MEMORY_MB = 128, 10_240
MAX_VARIANTS = 1_000
MIB = 1024 * 1024
REQUEST_LIMIT_BYTES = {
    EndpointKind.INVOKE: 6 * MIB,
    EndpointKind.STREAM: 6 * MIB,
    EndpointKind.CLI: 6 * MIB,
    EndpointKind.ALB: MIB,
    EndpointKind.ALB_MULTI: MIB,
    EndpointKind.REST: 10 * MIB,
    EndpointKind.HTTP_API: 10 * MIB,
    EndpointKind.FUNCTION_URL: 6 * MIB,
    EndpointKind.CLOUDFRONT: MIB,
    EndpointKind.STEP_FUNCTIONS: 256 * 1024,
}
"""The largest request body that each takes. Source: AWS's quota pages."""
URL_PLACES = ("{memory_mb}", "{alias}")
"""What an AWS door's URL can have in it, to be filled in for each variant."""
JSON_ONLY = frozenset(
    {EndpointKind.INVOKE, EndpointKind.STREAM, EndpointKind.CLI, EndpointKind.STEP_FUNCTIONS}
)
NEEDS_URL = frozenset(
    {
        EndpointKind.ALB,
        EndpointKind.ALB_MULTI,
        EndpointKind.REST,
        EndpointKind.HTTP_API,
        EndpointKind.CLOUDFRONT,
    }
)
"""On AWS nothing tells where these are: the profile must."""


def read_variants(root: Table, target: Target) -> tuple[Variant, ...]:
    """Every variant, in the order of the profile."""
    found: dict[Variant, str] = {}
    for table in root.tables("variants", "variants"):
        for variant in _product(table, target):
            if variant in found:
                table.fault("", f"repeats {variant.name}, which {found[variant]} has already")
            found.setdefault(variant, table.path)
    if "variants" not in root and target.kind is TargetKind.HTTP:
        found[Variant(EndpointKind.HTTP)] = ""
    elif not found and ("variants" not in root or root.get("variants") == []):
        root.fault(
            "variants",
            'is missing: add [[variants]] with endpoint = "invoke" and memory_mb = [128, 1024]',
        )
    _check_versions(root, target, list(found))
    if len(found) > MAX_VARIANTS:
        root.fault("variants", f"are {len(found)}: at most {MAX_VARIANTS} can be measured")
    return tuple(found)


def _check_versions(root: Table, target: Target, variants: Sequence[Variant]) -> None:
    """A qualifier is one version of the function, and so is where a door's URL leads."""
    sizes = sorted({variant.memory_mb for variant in variants if variant.memory_mb is not None})
    if target.qualifier is not None and len(sizes) > 1:
        root.fault(
            "target.qualifier",
            f"is one version of the function and cannot have both {sizes[0]} and {sizes[1]} MB: "
            "leave it out, and each size gets a version of its own",
        )
    for endpoint, url in target.urls.items():
        names = [variant.name for variant in variants if variant.endpoint is endpoint]
        if len(names) > 1 and not any(place in url for place in URL_PLACES):
            mend = f"put {' or '.join(URL_PLACES)} into it" if target.kind is TargetKind.AWS else ""
            root.fault(
                f"target.urls.{endpoint.value}",
                f"leads to one version of the function and cannot be both {names[0]} and "
                f"{names[1]}: {mend or 'make two profiles of them'}",
            )


def _product(table: Table, target: Target) -> list[Variant]:
    is_http = target.kind is TargetKind.HTTP
    default = EndpointKind.HTTP if is_http else EndpointKind.INVOKE
    endpoints = table.read_list("endpoint", choice(EndpointKind), [default])
    sizes_mb = table.read_list("memory_mb", whole(MIN_MEMORY_MB, MAX_MEMORY_MB), [])
    architectures = table.read_list("architecture", choice(Architecture), [Architecture.X86_64])
    for endpoint in endpoints:
        if fault := _impossible(endpoint, target):
            table.fault("endpoint", fault)
    plain = EndpointKind.HTTP in endpoints
    if "memory_mb" in table and plain:
        table.fault("memory_mb", "has no meaning for the endpoint http: leave it out")
    elif "memory_mb" not in table and endpoints != [EndpointKind.HTTP]:
        table.fault("memory_mb", "is missing: name sizes in MB, such as [128, 512, 1769]")
    memory = [None] if plain else sizes_mb
    return [Variant(*parts) for parts in product(endpoints, memory, architectures)]


def _impossible(endpoint: EndpointKind, target: Target) -> str | None:
    """Why an endpoint cannot be called on a target, or None."""
    name, kind = endpoint.value, target.kind
    if kind is TargetKind.HTTP:
        if endpoint in JSON_ONLY and target.function is None:
            return f"{name} needs target.function, the name that an emulator knows it by"
        if endpoint not in target.urls and EndpointKind.HTTP not in target.urls:
            return f"{name} needs target.url, or a URL of its own in target.urls"
    elif endpoint is EndpointKind.HTTP:
        return f'cannot be http with a target of kind "{kind.value}": use kind "http"'
    elif kind is TargetKind.AWS and endpoint in NEEDS_URL and endpoint not in target.urls:
        return f'{name} needs its URL: set target.urls = {{ {name} = "https://…" }}'
    return None


def check_events(events: Iterable[tuple[Table, EventSpec]], variants: Sequence[Variant]) -> None:
    """Note events that an endpoint of the profile would refuse."""
    kinds = {variant.endpoint for variant in variants}
    limits = [REQUEST_LIMIT_BYTES[kind] for kind in kinds if kind in REQUEST_LIMIT_BYTES]
    for table, spec in events:
        check_event(table, spec, min(limits, default=None), bool(kinds & JSON_ONLY))
