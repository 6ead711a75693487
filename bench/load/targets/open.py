"""From a profile to its target: an embedded Lambda of our own, functions on AWS, or any URL."""

from __future__ import annotations

from bench.load.targets.base import OpenTarget
from bench.load.targets.http import HttpTarget
from bench.load.targets.local import LocalTarget
from bench.model.profile import Profile, TargetKind


def open_target(profile: Profile) -> OpenTarget:
    """The target of a profile, not yet up: `bind` brings it up. Raises TargetError."""
    kind = profile.target.kind
    if kind is TargetKind.LOCAL:
        return LocalTarget(profile.target)
    if kind is TargetKind.AWS:
        from bench.load.targets.aws import AwsTarget

        return AwsTarget(profile.target)
    return HttpTarget(profile.target, profile.connections.proxy)
