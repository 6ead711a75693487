"""What AWS's variables and shared configuration file say of retries, as the SDKs look for it.

A variable comes before the file's profile, and that before the SDKs' default. Source: the SDKs and
Tools Reference Guide, "Retry behavior"; botocore's configprovider and args.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.aws.config_file import setting
from bench.model.retry import RETRY_POLICIES, RetryPolicyName
from bench.schema.table import Table
from bench.units import shown

_MODES = {
    facts.sdk_mode: policy for policy, facts in RETRY_POLICIES.items() if facts.sdk_mode is not None
}
_DEFAULT = "standard"


@dataclass(frozen=True, slots=True)
class SdkRetries:
    """The policy and its attempts, and in words where they were found."""

    policy: RetryPolicyName
    attempts: int
    found_in: str


def sdk_retries(table: Table, key: str, most: int) -> SdkRetries:
    """What the environment of the document says; its mistakes are noted at the key.

    most: attempts.
    """
    mode, mode_place = _setting(table.environ, "AWS_RETRY_MODE", "retry_mode")
    policy = _MODES.get(mode or _DEFAULT)
    if policy is None or mode == "":
        modes = ", ".join(shown(one) for one in _MODES)
        table.fault(key, f"is aws-env, but {mode_place} must be one of {modes} (it is {_it(mode)})")
        policy = _MODES[_DEFAULT]
    text, place = _setting(table.environ, "AWS_MAX_ATTEMPTS", "max_attempts")
    attempts = policy.facts.attempts if text is None else _whole(text)
    if attempts is None or not 1 <= attempts <= most:
        table.fault(
            key,
            f"is aws-env, but {place} must be a whole number from 1 to {most} (it is {_it(text)})",
        )
        attempts = policy.facts.attempts
    places = dict.fromkeys(one for one in (mode_place, place) if one)
    return SdkRetries(policy, attempts, " and ".join(places) or "nothing says otherwise")


def _setting(environ: Mapping[str, str], variable: str, key: str) -> tuple[str | None, str]:
    """The value and the place that it stands in, ('' for none)."""
    if variable in environ:
        return environ[variable], variable
    value = setting(environ, key)
    return value, "" if value is None else f"{key} in AWS's configuration file"


def _whole(text: str) -> int | None:
    try:
        return int(text) if len(text) < 10 else None
    except ValueError:
        return None


def _it(text: str | None) -> str:
    return shown(text or "")
