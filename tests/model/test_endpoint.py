"""One row for each endpoint, and nobody else who lists them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import bench
from bench.aws.prices import door_usd, function_usd, left_out, usd_per_million
from bench.commands.support.plan_words import left_out_lines, throttle_words
from bench.endpoints import registry
from bench.local.doors import DOORS
from bench.model import endpoint
from bench.model.endpoint import ENDPOINTS, FREE, Address, EndpointFacts, EndpointKind, LeftOut
from bench.model.profile import Architecture, Target, TargetKind, Variant
from tests.record.build import profile_of

PACKAGE = Path(bench.__file__).parent
X86 = Architecture.X86_64

REGISTRIES = {"endpoints/registry.py", "local/doors/__init__.py"}
"""Where a line is added for each endpoint: how it is called, and how it is served here."""
NAMED = {
    "endpoints/step_functions.py": {"STEP_FUNCTIONS"},  # its own file
    "load/node_trial.py": {"HTTP"},  # a node's machine against itself
    "local/banner.py": {"STEP_FUNCTIONS"},  # the line to paste has an envelope around the event
    "local/doors/fault_answers.py": {"ALB", "ALB_MULTI"},  # their errors are pages
    "local/doors/lambda_api.py": {"INVOKE", "STREAM"},  # the two paths of the API that it serves
    "local/doors/router.py": {"REST"},  # a template's REST API: below its stage too
    "local/doors/served.py": {
        "REST",  # lives below its stage
        "FUNCTION_URL",  # all on one port
        "STEP_FUNCTIONS",  # refuses as a JSON 1.0 service does
    },
    "profile/effects.py": {"CLOUDFRONT"},  # an edge that refuses a body with GET
    "profile/read.py": {"HTTP"},  # target.url stands there
    "profile/target.py": {"HTTP"},
    "profile/variants.py": {"HTTP"},
    "selftest/kit.py": {"HTTP"},  # the target that it measures
}
"""Who may name a kind beside the table, because what he does is of that kind alone."""


def kinds_named() -> Iterator[tuple[str, str]]:
    """(file, name of a kind) of all code but the table's own."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                continue
            if node.value.id == "EndpointKind" and node.attr in EndpointKind.__members__:
                yield path.relative_to(PACKAGE).as_posix(), node.attr


def test_every_endpoint_has_its_row_in_the_order_of_their_names() -> None:
    assert list(ENDPOINTS) == list(EndpointKind)


def test_nobody_but_the_registries_lists_endpoints_by_hand() -> None:
    found: dict[str, set[str]] = {}
    for file, kind in kinds_named():
        if file not in REGISTRIES | {"model/endpoint.py"}:
            found.setdefault(file, set()).add(kind)
    assert found == NAMED


def test_every_endpoint_is_registered_once_as_a_request_or_as_a_command() -> None:
    requests, commands = set(registry._ENDPOINTS), set(registry._COMMANDS)
    assert requests | commands == set(EndpointKind)
    assert not requests & commands
    assert commands == {kind for kind in EndpointKind if kind.facts.is_command}


def test_who_hands_the_output_on_has_a_way_to_find_it_in_the_answer() -> None:
    for kind in EndpointKind:
        entry = registry._ENDPOINTS.get(kind) or registry._COMMANDS[kind]
        assert (entry.output is not None) == kind.facts.hands_output_on, kind


def test_a_door_of_the_embedded_lambda_leads_to_what_is_not_at_the_api() -> None:
    apart = {kind for kind in EndpointKind if kind.facts.is_lambda and not kind.facts.is_at_api}
    assert set(DOORS) <= apart, "one without a door is measured on AWS alone"


def test_whatever_is_an_api_of_aws_can_be_signed() -> None:
    apis = {Address.LAMBDA_API, Address.FUNCTION_URL, Address.STATE_MACHINE}
    assert all(kind.facts.service for kind in EndpointKind if kind.facts.address in apis)


@pytest.mark.parametrize("kind", EndpointKind)
def test_no_price_is_zero_unless_its_row_says_so(kind: EndpointKind) -> None:
    door = door_usd(kind)
    if kind.facts.door_price is None:
        assert door is None
    elif isinstance(kind.facts.door_price, LeftOut):
        assert door == 0.0
        assert left_out(kind), "and words for it"
    elif kind.facts.door_price is FREE:
        assert door == 0.0
    else:
        assert door is not None and door > 0.0
    function = function_usd(kind, X86, 128, 1.0)
    assert (function is None) == (kind.facts.function_rate is None)
    assert function is None or function > 0.0


ALB = EndpointKind.ALB.facts


@pytest.mark.parametrize(
    "unknown", [replace(ALB, door_price=None), replace(ALB, function_rate=None)]
)
def test_what_has_no_known_price_makes_the_whole_unknown(
    unknown: EndpointFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = Variant(EndpointKind.ALB, 128)
    assert usd_per_million(variant, 100.0) is not None
    monkeypatch.setattr(endpoint, "ENDPOINTS", {**ENDPOINTS, EndpointKind.ALB: unknown})
    assert usd_per_million(variant, 100.0) is None


def test_a_plan_says_what_its_price_leaves_out() -> None:
    kinds = (EndpointKind.INVOKE, EndpointKind.CLOUDFRONT)
    variants = tuple(Variant(kind, size) for kind in kinds for size in (128, 256))
    (line,) = left_out_lines(replace(profile_of(), variants=variants))
    assert line.startswith("cloudfront: ")
    assert "distribution" in line


def test_a_plan_on_aws_says_where_a_throttle_counts_as_another_failure() -> None:
    kinds = (EndpointKind.INVOKE, EndpointKind.ALB, EndpointKind.HTTP_API)
    aws = Target(TargetKind.AWS, function="primes")
    profile = replace(profile_of(), variants=tuple(Variant(k, 128) for k in kinds), target=aws)
    words = "not told from other failures by alb (HTTP 502), http-api (HTTP 500 or 503)"
    assert throttle_words(profile) == words
    assert throttle_words(replace(profile, variants=(Variant(EndpointKind.INVOKE, 128),))) is None
    here = replace(aws, kind=TargetKind.LOCAL)
    assert throttle_words(replace(profile, target=here)) is None, "the embedded ALB tells it"
