"""Whether environments of what a variant calls come up as it says: nothing is set up for it here.

Provisioned concurrency costs by the hour and snapshots take minutes: who compares them has them.
"""

from __future__ import annotations

from bench.aws.api import LambdaApi
from bench.aws.refusals import AwsRefusal
from bench.aws.versions import LATEST
from bench.errors import TargetError
from bench.model.variant import ON_DEMAND, PROVISIONED, SNAP_START, Variant

_READY = "READY"


async def check_initialization(
    variant: Variant, function: str, qualifier: str, api: LambdaApi
) -> None:
    """Raises TargetError, with the mend, if a version comes up otherwise than its variant says."""
    wanted = variant.initialization or ON_DEMAND
    found, status = await _found(function, qualifier, api)
    what = f"{function}:{qualifier}"
    if wanted == found == PROVISIONED and status != _READY:
        raise TargetError(
            f"{variant.name}: provisioned concurrency of {what} is {status}: wait until it is READY"
        )
    if wanted == found:
        return
    if found != ON_DEMAND:
        raise TargetError(
            f"{variant.name} is to be {wanted} and {what} is {found}: name a version without it"
        )
    if wanted == SNAP_START:
        raise TargetError(
            f"{what} has no SnapStart: set ApplyOn to PublishedVersions, publish a version, and "
            "name it as qualifier"
        )
    raise TargetError(
        f"{what} has no provisioned concurrency: `aws lambda put-provisioned-concurrency-config "
        f"--function-name {function} --qualifier {qualifier} "
        "--provisioned-concurrent-executions …` gives it some, which costs until it is deleted"
    )


async def _found(function: str, qualifier: str, api: LambdaApi) -> tuple[str, str]:
    """How its environments come up, and in what state that is where there is one."""
    if qualifier == LATEST:
        return ON_DEMAND, ""
    try:
        config = await api.call("GetProvisionedConcurrencyConfig", function, Qualifier=qualifier)
        return PROVISIONED, str(config["Status"])
    except AwsRefusal as refusal:
        if refusal.status != 404:
            raise
    version = await api.configuration(function, qualifier)
    snaps = (version.get("SnapStart") or {}).get("OptimizationStatus") == "On"
    return (SNAP_START if snaps else ON_DEMAND), ""
