"""From a profile to its target: an embedded Lambda of our own, functions on AWS, or any URL."""

from __future__ import annotations

from collections.abc import Callable

from bench.load.disturbing import disturbed
from bench.load.targets.base import OpenTarget
from bench.load.targets.http import HttpTarget
from bench.load.targets.local import LocalTarget
from bench.load.targets.per_node import PerNodeTarget, TargetHost
from bench.model.profile import Connections, Profile, TargetKind


def open_target(
    profile: Profile,
    connections: Connections,
    tell: Callable[[str], None] = lambda _: None,
    host: TargetHost | None = None,
) -> OpenTarget:
    """The target of a profile, not yet up: `bind` brings it up. Raises TargetError.

    connections: with what the environment adds to the profile's. tell: hears, a line each, of what
    makes the user wait meanwhile. host: where a target of each node is, if the fleet has nodes.
    """
    kind = profile.target.kind
    if kind is TargetKind.LOCAL and profile.target.per_node and host is not None:
        return PerNodeTarget(disturbed(profile), profile.levels.functions, host)
    if kind is TargetKind.LOCAL:
        return LocalTarget(disturbed(profile), folders=profile.levels.functions)
    if kind is TargetKind.AWS:
        from bench.load.targets.aws import AwsTarget

        return AwsTarget(
            profile.target,
            functions=profile.levels.functions,
            timeouts=profile.timeouts,
            connections=connections,
            tell=tell,
        )
    return HttpTarget(profile.target, connections, profile.levels.functions)
