"""What the fleet's machines must have before a run starts: descriptors, ports, a class."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from bench.errors import UsageError
from bench.load.host import Host, default_workers, workers_by_host
from bench.load.scheduling import remedy
from bench.model.profile import Order, Pacing, Profile, Scheduling, TargetKind
from bench.model.times import NS_PER_S

SPARE_DESCRIPTORS = 64
"""What a worker needs beside its connections: pipes, event loop, libraries."""
HELD_NS = 60 * NS_PER_S
"""How long Linux keeps the port of a connection that this side closed (TCP_TIMEWAIT_LEN)."""
REUSED_NS = NS_PER_S
"""The same where net.ipv4.tcp_tw_reuse lets a new connection to the same address take it over."""


def worker_count(profile: Profile, hosts: Sequence[Host]) -> int:
    """Engine processes of a run: as asked for, else of each host its cores less one, at least one.

    In an open loop no more than may be under way at once, so that each has a slot of its own.
    hosts: the fleet's.
    """
    wanted = profile.load.workers or sum(map(default_workers, hosts))
    return wanted if _callers(profile) else min(wanted, profile.load.in_flight)


def connections_needed(profile: Profile) -> int:
    """The most connections that the profile can have open at once, over all workers.

    In an open loop hedges are within load.in_flight; a caller has one more for its own.
    """
    own = sum(1 if client.retry.hedge is None else 2 for client in profile.clients)
    return _callers(profile) * own or profile.load.in_flight


def _callers(profile: Profile) -> int:
    """The most callers of a variant, 0 in an open loop."""
    return max((phase.shape.most_callers for phase in profile.phases), default=0)


def descriptors_needed(profile: Profile, workers: int) -> int:
    """The most file descriptors that one of so many workers can need."""
    return -(-connections_needed(profile) // workers) + SPARE_DESCRIPTORS


def check_limits(profile: Profile, hosts: Sequence[Host]) -> None:
    """Raises UsageError if a host of the fleet cannot bear its workers' connections."""
    workers = worker_count(profile, hosts)
    for host, own in zip(hosts, workers_by_host(hosts, workers), strict=True):
        if own:
            _check_host(profile, host, len(own), workers)


def crowded(profile: Profile, hosts: Sequence[Host]) -> list[str]:
    """Of each host on which precise pacing may leave no core for anything else, a line."""
    if profile.load.pacing is not Pacing.PRECISE:
        return []
    shares = workers_by_host(hosts, worker_count(profile, hosts))
    return [
        f"load.pacing is precise: {len(own)} worker{'s' if len(own) > 1 else ''} may take "
        f"{'all' if len(own) > 1 else 'the'} {host.cores} core{'s' if host.cores > 1 else ''} of "
        f"{host.name}, and leave none for the coordinator or a local target; lower load.workers"
        for host, own in zip(hosts, shares, strict=True)
        if own and len(own) >= host.cores
    ]


def _check_host(profile: Profile, host: Host, own: int, workers: int) -> None:
    """own: how many of all workers run on this host."""
    if profile.load.scheduling is Scheduling.REALTIME and not host.realtime:
        raise UsageError(
            f"{profile.source}: load.scheduling is realtime and {host.name} does not grant it: "
            f"{remedy()}"
        )
    callers = _callers(profile)
    what = f"a closed loop of {callers} callers" if callers else "load.in_flight"
    mend = "lower callers" if callers else "lower load.in_flight"
    per_worker = descriptors_needed(profile, workers)
    if host.descriptors is not None and per_worker > host.descriptors:
        raise UsageError(
            f"{profile.source}: {what} can need {per_worker} file descriptors in a worker and "
            f"{host.name} allows {host.descriptors}; {mend} or raise the limit (ulimit -Hn)"
        )
    closing = -(-closed_at_once(profile, host) * own // workers)
    if host.ports is not None and closing > host.ports:
        raise UsageError(
            f"{profile.source}: connections that are not kept alive will need {closing} ephemeral "
            f"ports to one address, since the system keeps each for a while after its end, and "
            f"{host.name} has {host.ports}; lower the rate, keep connections alive or widen "
            f"net.ipv4.ip_local_port_range"
        )
    connections = -(-connections_needed(profile) * own // workers)
    if host.ports is not None and connections > host.ports:
        raise UsageError(
            f"{profile.source}: {what} can need {connections} connections to one address "
            f"and {host.name} has {host.ports} ephemeral ports; {mend} or widen "
            f"net.ipv4.ip_local_port_range"
        )


def closed_at_once(profile: Profile, machine: Host) -> int:
    """Ports of connections that have ended and are not free again yet, at their most.

    As if the machine sent them all. Only where keep-alive is off, arrivals are planned and there
    is one address for certain.
    """
    proxy = profile.connections.proxy
    urls = (proxy,) if proxy else tuple(profile.target.urls.values())
    hosts = [urlsplit(url).hostname or "" for url in urls] or ["127.0.0.1"]
    is_one = len(set(hosts)) == 1 and _is_address(hosts[0])
    are_kept = all(client.connections.keep_alive for client in profile.clients)
    if are_kept or profile.target.kind is TargetKind.AWS or not is_one:
        return 0
    held_ns = HELD_NS if _is_held_long(hosts[0], machine) else REUSED_NS
    together = len(profile.variants) if profile.load.order is Order.TOGETHER else 1
    most = (round(phase.shape.most_within(held_ns)) for phase in profile.phases)
    return together * max(most, default=0)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_held_long(address: str, machine: Host) -> bool:
    """Whether a port to this address waits the whole time on that machine."""
    if machine.tw_reuse == 2:
        return not ip_address(address).is_loopback
    return machine.tw_reuse == 0
