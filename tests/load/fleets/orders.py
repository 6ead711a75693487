"""Orders for workers of one variant at a URL."""

from __future__ import annotations

from bench.load.frames import WorkOrder
from bench.model.endpoint import EndpointKind
from bench.model.load import Binding
from bench.model.profile import (
    Arrivals,
    Client,
    LoadSpec,
    Target,
    TargetKind,
    Timeouts,
    Variant,
)
from bench.model.times import NS_PER_S


def order(url: str, worker: int = 0, workers: int = 1) -> WorkOrder:
    return WorkOrder(
        worker=worker,
        workers=workers,
        target=Target(TargetKind.HTTP, urls={EndpointKind.HTTP: url}),
        bindings=(Binding(Variant(EndpointKind.HTTP), url),),
        load=LoadSpec(arrivals=Arrivals.EVEN),
        clients=(Client(Timeouts(first_byte_ns=NS_PER_S, total_ns=NS_PER_S)),),
    )
