"""What each worker is told before it starts."""

from __future__ import annotations

from dataclasses import replace

from bench.load.host import Host
from bench.load.orders import work_orders
from bench.model.load import Binding
from bench.model.profile import LoadSpec, StopSpec
from tests.record.build import SMALL, profile_of, together

HOSTS = [Host("here", cores=3), Host("there", cores=2)]
BINDINGS = [Binding(SMALL, "http://127.0.0.1:1/")]


def test_every_worker_knows_its_number_and_has_all_bindings() -> None:
    profile = replace(profile_of((SMALL,)), load=LoadSpec(in_flight=301), record_attempts=True)
    orders = work_orders(profile, together(profile), HOSTS, BINDINGS, None)
    assert [(order.worker, order.workers) for order in orders] == [(0, 3), (1, 3), (2, 3)]
    for order in orders:
        assert order.bindings == tuple(BINDINGS)
        assert order.keep_request_ids
        assert order.quota is None
        assert order.descriptors == 101 + 64  # a third of all connections, rounded up, and spare


def test_a_quota_is_dealt_to_all_workers() -> None:
    profile = replace(profile_of((SMALL,)), stop=StopSpec(invocations=50))
    orders = work_orders(profile, together(profile), HOSTS, BINDINGS, None)
    quotas = [order.quota for order in orders if order.quota is not None]
    assert len(quotas) == 3
    assert sum(quota.invocations for quota in quotas) == 50
