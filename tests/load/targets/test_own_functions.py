"""Functions of an embedded Lambda for variants that differ in more than memory and endpoint."""

from __future__ import annotations

from bench.load.targets.local import local_command
from bench.load.targets.own_functions import faults_for, function_names
from bench.model.endpoint import EndpointKind
from bench.model.profile import Target, TargetKind, Variant

PLAIN = [Variant(EndpointKind.INVOKE, 128), Variant(EndpointKind.ALB, 512)]
NAMED = [
    Variant(EndpointKind.INVOKE, memory_mb).with_levels({"retry": level})
    for level in (None, "patient")
    for memory_mb in (128, 512)
]
TARGET = Target(
    TargetKind.LOCAL,
    "/here/my app",
    concurrency=3,
    faults=({"kind": "stall", "function": "my-app"}, {"kind": "reset"}),
)


def said(command: list[str], option: str) -> list[str]:
    return [command[i + 1] for i, word in enumerate(command) if word == option]


def test_sizes_and_doors_share_a_function_and_its_limit() -> None:
    command = local_command(TARGET, PLAIN)
    assert said(command, "--function") == ["/here/my app"]
    assert said(command, "--concurrency") == ["3"]
    assert not said(command, "--reserved-concurrency")


def test_anything_else_has_its_own_function_limit_and_faults() -> None:
    names = function_names(TARGET, NAMED)
    assert [names[variant] for variant in NAMED] == ["my-app-1"] * 2 + ["my-app-2"] * 2
    command = local_command(TARGET, NAMED)
    assert said(command, "--function") == ["my-app-1=/here/my app", "my-app-2=/here/my app"]
    assert said(command, "--reserved-concurrency") == ["3"]
    assert said(command, "--concurrency") == ["106"]
    assert faults_for(TARGET, names) == (
        {"kind": "stall", "function": ["my-app-1", "my-app-2"]},
        {"kind": "reset"},
    )
