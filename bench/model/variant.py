"""What is measured: a combination of factor levels; and all that is known of each factor.

A factor is a row of FACTORS: who names variants, writes a column, picks by a threshold or says in
what two variants differ asks the rows. To add one: a field of Variant, and a row here at its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bench.model.endpoint import BASELINE, EndpointKind

ON_DEMAND, PROVISIONED, SNAP_START = "on-demand", "provisioned", "snapstart"
"""Levels of `initialization`: how environments come up. The first is what there is without one."""


class Architecture(StrEnum):
    """Instruction set of a function; it decides the price."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing being measured. memory_mb is None only where no function is known behind it.

    The fields from `function` on are names of settings; None means what the profile says of all.
    """

    endpoint: EndpointKind
    memory_mb: int | None = None
    architecture: Architecture = Architecture.X86_64
    function: str | None = None
    qualifier: str | None = None
    runtime: str | None = None
    initialization: str | None = None
    event: str | None = None
    retry: str | None = None
    breaker: str | None = None
    timeout: str | None = None
    connections: str | None = None
    label: str | None = None
    differ: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    """Names of the factors in which the variants of its run differ; empty if nobody has said."""

    @property
    def name(self) -> str:
        """Stable identifier in files: `invoke-128MB`, `alb-512MB-arm64`, `invoke-128MB-patient`."""
        parts = [self.endpoint.value]
        if self.memory_mb is not None:
            parts.append(f"{self.memory_mb}MB")
        if self.architecture is not Architecture.X86_64:
            parts.append(self.architecture.value)
        return "-".join([*parts, *(level for _, level in self.named_levels())])

    def named_levels(self) -> Iterator[tuple[Factor, str]]:
        """Those of its levels that are names, with their factors, in the order of these."""
        for factor in NAMED_FACTORS:
            level = getattr(self, factor.name)
            if level is not None:
                yield factor, level

    @property
    def selectors(self) -> set[str]:
        """What a threshold may call it: its name, or one of its levels."""
        found = {self.name, self.endpoint.value, self.architecture.value}
        if self.memory_mb is not None:
            found.add(f"{self.memory_mb}MB")
        return found | {level for _, level in self.named_levels()}

    @property
    def at_function(self) -> Variant:
        """The same without what is the caller's alone: variants that share it do the same work."""
        own = [factor.name for factor in NAMED_FACTORS if factor.is_callers]
        return replace(self.with_levels(dict.fromkeys(own)), endpoint=BASELINE)

    def with_levels(self, levels: Mapping[str, str | None]) -> Variant:
        """The same with other named levels, by their factors' names; it differs in nothing yet."""
        changes: dict[str, Any] = dict(levels)
        return replace(self, differ=frozenset(), **changes)


@dataclass(frozen=True, slots=True)
class Factor:
    """A row: what can be varied. name is the field of Variant and the key.

    column: what files call it, where that is not its name. plain: what a variant without a level of
    its own is called beside others that have one.
    is_callers: whether it changes nothing of what the function does.
    """

    name: str
    plain: str = "default"
    is_callers: bool = True
    column: str = ""

    @property
    def in_files(self) -> str:
        """The name of its column."""
        return self.column or self.name


NAMED_FACTORS: tuple[Factor, ...] = (
    Factor("function", is_callers=False),
    Factor("qualifier", is_callers=False),
    Factor("runtime", is_callers=False),
    Factor("initialization", ON_DEMAND, is_callers=False),
    Factor("event", is_callers=False),
    Factor("retry"),
    Factor("breaker"),
    Factor("timeout", column="timeout_setting"),
    Factor("connections"),
    Factor("label", "unlabelled", is_callers=False),
)
"""Factors whose levels are names, in the order in which a variant's name has them."""
FACTORS: tuple[Factor, ...] = (
    Factor("endpoint"),
    Factor("memory_mb", is_callers=False),
    Factor("architecture", is_callers=False),
    *NAMED_FACTORS,
)


def with_differences(variants: Iterable[Variant]) -> tuple[Variant, ...]:
    """The same variants, each told in which factors they differ."""
    listed = tuple(variants)
    differ = frozenset(
        factor.name
        for factor in FACTORS
        if len({getattr(variant, factor.name) for variant in listed}) > 1
    )
    return tuple(replace(variant, differ=differ) for variant in listed)
