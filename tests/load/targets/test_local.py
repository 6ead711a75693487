from __future__ import annotations

import pytest

from bench.errors import TargetError
from bench.load.targets.local import LocalTarget
from bench.model.endpoint import EndpointKind
from bench.model.profile import Target, TargetKind, Variant


def test_an_endpoint_that_the_embedded_lambda_has_no_door_for_is_told() -> None:
    target = LocalTarget(Target(TargetKind.LOCAL, function="primes"))
    target._ready = {"functions": [{"memory_mb": 128, "urls": {}}]}
    with pytest.raises(TargetError, match="the embedded Lambda has no endpoint alb"):
        target._binding(Variant(EndpointKind.ALB, 128))
