from __future__ import annotations

import pytest

from bench.aws.prices import door_usd, gb_second_usd, usd_per_invocation, usd_per_million
from bench.model.endpoint import EndpointKind
from bench.model.profile import Architecture, Variant

X86, ARM = Architecture.X86_64, Architecture.ARM64


@pytest.mark.parametrize(
    ("memory_mb", "billed_ms", "usd"),
    # 1 GB for 1 s: 0.20 per million requests and 16.6667 for a million GB-seconds
    [(1024, 1000, 16.8667), (128, 100, 0.20 + 16.6667 / 80), (1769, 0, 0.20)],
)
def test_a_million_invocations_cost_requests_and_gb_seconds(
    memory_mb: int, billed_ms: float, usd: float
) -> None:
    variant = Variant(EndpointKind.INVOKE, memory_mb)
    assert usd_per_million(variant, billed_ms) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("architecture", "region", "price"),
    [
        (X86, None, 0.0000166667),
        (ARM, None, 0.0000133334),
        (X86, "eu-central-1", 0.0000166667),
        (X86, "af-south-1", 0.0000221),
        (X86, "ap-east-1", 0.00002292),
        (X86, "xx-nowhere-9", 0.0000166667),
    ],
)
def test_gb_seconds_have_the_regions_price(
    architecture: Architecture, region: str | None, price: float
) -> None:
    assert gb_second_usd(architecture, region) == price


def test_arm_is_a_fifth_cheaper_everywhere() -> None:
    assert gb_second_usd(ARM, "af-south-1") == pytest.approx(0.8 * 0.0000221, rel=1e-4)


@pytest.mark.parametrize(
    ("endpoint", "usd"),
    [
        (EndpointKind.INVOKE, 0.0),
        (EndpointKind.STREAM, 0.0),
        (EndpointKind.FUNCTION_URL, 0.0),
        (EndpointKind.CLI, 0.0),
        (EndpointKind.REST, 3.5),
        (EndpointKind.HTTP_API, 1.0),
        (EndpointKind.ALB, 2048 / 0.4e9 * 0.008 * 1e6),
    ],
)
def test_doors_have_their_price_per_million(endpoint: EndpointKind, usd: float) -> None:
    price = door_usd(endpoint)
    assert price is not None
    assert price * 1e6 == pytest.approx(usd)


def test_an_express_workflow_is_billed_by_its_duration_in_tenths_of_a_second() -> None:
    kind = EndpointKind.STEP_FUNCTIONS
    step = 0.1 * 64 / 1024 * 0.00001667
    assert door_usd(kind, billed_ms=0.0) == pytest.approx(1e-6 + step)
    assert door_usd(kind, billed_ms=100.0) == pytest.approx(1e-6 + step)
    assert door_usd(kind, billed_ms=101.0) == pytest.approx(1e-6 + 2 * step)
    through, direct = (
        usd_per_million(Variant(of, 128), 250.0) for of in (kind, EndpointKind.INVOKE)
    )
    assert through is not None and direct is not None
    assert through - direct == pytest.approx(1.0 + 3e6 * step)


def test_an_http_api_meters_every_512_kb() -> None:
    assert door_usd(EndpointKind.HTTP_API, 512 * 1024) == pytest.approx(1e-6)
    assert door_usd(EndpointKind.HTTP_API, 512 * 1024 + 1) == pytest.approx(2e-6)


def test_cloudfront_runs_the_function_at_the_edges_price() -> None:
    usd = usd_per_invocation(EndpointKind.CLOUDFRONT, X86, 1024, 1000)
    assert usd == pytest.approx(0.60e-6 + 0.00005001)


def test_what_is_unknown_has_no_price() -> None:
    assert usd_per_million(Variant(EndpointKind.INVOKE, 128), None) is None
    assert usd_per_million(Variant(EndpointKind.HTTP), 12.0) is None
