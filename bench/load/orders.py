"""What each worker of a run is told before it starts. Pure: the fleet's hosts and the plan in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.aws.credentials import Credentials
from bench.load.frames import WorkOrder
from bench.load.host import Host
from bench.load.iterations import quotas
from bench.load.preflight import descriptors_needed, worker_count
from bench.model.load import Binding, Plan
from bench.model.profile import Connections, Profile


def work_orders(
    profile: Profile,
    plan: Plan,
    hosts: Sequence[Host],
    bindings: Sequence[Binding],
    credentials: Credentials | None,
    connections: Connections | None = None,
) -> list[WorkOrder]:
    """An order for every worker that the profile asks for, or that the hosts carry, by number.

    bindings: by variant. credentials: what workers sign with, None where nothing is signed.
    connections: with what the environment adds to the profile's; None for the profile's.
    """
    workers = worker_count(profile, hosts)
    descriptors = descriptors_needed(profile, workers)
    clients = replace(profile, connections=connections or profile.connections).clients
    return [
        WorkOrder(
            worker=worker,
            workers=workers,
            target=profile.target,
            bindings=tuple(bindings),
            clients=clients,
            load=profile.load,
            credentials=credentials,
            keep_request_ids=profile.record_attempts,
            quota=quota,
            descriptors=descriptors,
        )
        for worker, quota in enumerate(quotas(profile, plan, workers))
    ]
