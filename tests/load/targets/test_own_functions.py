"""Functions of an embedded Lambda for a run's variants, one for each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.lambda_facts import ACCOUNT_CONCURRENCY
from bench.load.targets.local import local_command
from bench.load.targets.own_functions import faults_for, function_names
from bench.local.sources import function_source
from bench.model.endpoint import EndpointKind
from bench.model.profile import Architecture, Target, TargetKind, Variant
from bench.model.variant import NAMED_FACTORS

ONE = Variant(EndpointKind.INVOKE, 128)
PLAIN = [ONE, Variant(EndpointKind.ALB, 128), Variant(EndpointKind.ALB, 512)]
TARGET = Target(
    TargetKind.LOCAL,
    "/here/my app",
    concurrency=3,
    faults=({"kind": "stall", "function": "my-app"}, {"kind": "reset"}),
)


def said(command: list[str], option: str) -> list[str]:
    return [command[i + 1] for i, word in enumerate(command) if word == option]


def names_of(*variants: Variant, function: str = "/here/my app") -> list[str | None]:
    target = replace(TARGET, function=function)
    return list(function_names(target, variants).values())


def test_a_single_variant_has_the_function_as_it_is_called_and_the_account_to_itself() -> None:
    command = local_command(TARGET, [ONE])
    assert said(command, "--function") == ["/here/my app"]
    assert said(command, "--concurrency") == ["3"]
    assert not said(command, "--reserved-concurrency")


def test_sizes_and_doors_have_a_function_a_limit_and_faults_each() -> None:
    command = local_command(TARGET, PLAIN)
    assert said(command, "--function") == [
        "my-app-invoke-128MB=/here/my app,memory=128,architecture=x86_64,doors=invoke",
        "my-app-alb-128MB=/here/my app,memory=128,architecture=x86_64,doors=alb",
        "my-app-alb-512MB=/here/my app,memory=512,architecture=x86_64,doors=alb",
    ]
    assert said(command, "--reserved-concurrency") == ["3"]
    assert said(command, "--concurrency") == ["109"]
    own = [name or "" for name in function_names(TARGET, PLAIN).values()]
    assert faults_for(TARGET, function_names(TARGET, PLAIN)) == (
        {"kind": "stall", "function": own},
        {"kind": "reset"},
    )


def test_without_a_limit_each_has_what_an_account_has_by_default() -> None:
    command = local_command(replace(TARGET, concurrency=None), PLAIN)
    assert said(command, "--reserved-concurrency") == [str(ACCOUNT_CONCURRENCY)]


FACTORS = [
    ([Variant(EndpointKind.INVOKE, 128), Variant(EndpointKind.REST, 128)], ["invoke", "rest"]),
    ([Variant(EndpointKind.INVOKE, 128), Variant(EndpointKind.INVOKE, 256)], ["128MB", "256MB"]),
    ([ONE, Variant(EndpointKind.INVOKE, 128, Architecture.ARM64)], ["x86_64", "arm64"]),
    *(
        (
            [ONE, ONE.with_levels({factor.name: "some"})],
            [f"{factor.plain}-{factor.name}", "some"],
        )
        for factor in NAMED_FACTORS
        if factor.name != "function"
    ),
]


@pytest.mark.parametrize(("variants", "levels"), FACTORS)
def test_it_is_called_by_the_levels_that_differ(variants: list[Variant], levels: list[str]) -> None:
    assert names_of(*variants) == [f"my-app-{level}" for level in levels]


def test_several_functions_are_called_as_they_are() -> None:
    old, new = (ONE.with_levels({"function": name}) for name in ("old-api", "new-api"))
    assert names_of(old, new) == ["old-api", "new-api"]


def test_names_are_those_that_lambda_takes_and_never_the_same() -> None:
    labels = ["a.b", "a_b", "ä.b", "x" * 40, "x" * 39 + "y", "x" * 39 + "z"]
    variants = [ONE.with_levels({"label": label}) for label in labels]
    names = names_of(*variants, function="/here/" + "long" * 10)
    assert len(set(names)) == len(labels)
    for name in names:
        assert function_source(f"{name}=hello").name == name


def test_a_fault_of_one_of_several_functions_is_for_its_copies_alone() -> None:
    variants = [
        Variant(EndpointKind.INVOKE, memory_mb).with_levels({"function": name})
        for name in ("old", "new")
        for memory_mb in (128, 512)
    ]
    target = replace(TARGET, faults=({"kind": "reset", "function": ["old"]},))
    assert faults_for(target, function_names(target, variants)) == (
        {"kind": "reset", "function": ["old-128MB", "old-512MB"]},
    )
