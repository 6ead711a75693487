"""Everything that could change a result, for manifest.json. Reads the host; no secrets."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import bench
from bench.load.frames import Ready
from bench.model.load import Binding
from bench.model.profile import Client, Profile
from bench.model.retry import AWS_ENV, Hedge, RetrySpec

PACKAGES = ("httpx", "httptools", "uvloop", "numpy", "hdrhistogram", "textual", "awslambdaric")


def manifest(
    profile: Profile,
    bindings: Sequence[Binding],
    workers: Sequence[Ready],
    arguments: Sequence[str],
    label: str = "",
) -> dict[str, Any]:
    """The run as it is about to start; all values can be written as JSON.

    workers: what each got. label: the target as the head of a view says it.
    """
    return {
        "lamload": bench.__version__,
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "arguments": list(arguments),
        "profile": {"name": profile.name, "title": profile.title, "source": profile.source},
        "seed": profile.load.seed,
        "workers": len(workers),
        "scheduling": {
            "asked": profile.load.scheduling.value,
            "workers": [worker.scheduling.value for worker in workers],
        },
        "pacing": profile.load.pacing.value,
        "retry": {
            **_retry(profile.retry),
            "base_ns": profile.retry.base_ns,
            "cap_ns": profile.retry.cap_ns,
        },
        "clients": {
            variant.name: _client(profile.client_of(variant))
            for variant in profile.variants
            if any(variant.named_levels())
        },
        "target": {
            "kind": profile.target.kind.value,
            "label": label,
            "region": profile.target.region,
            "bindings": [_binding(binding) for binding in bindings],
        },
        "host": host(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _client(client: Client) -> dict[str, Any]:
    """How a variant is called, where that is not alike for all."""
    return {
        **_retry(client.retry),
        "breaker": client.breaker is not None,
        "total_ns": client.timeouts.total_ns,
    }


def _retry(retry: RetrySpec) -> dict[str, Any]:
    """A retry policy; aws-env stands as what it was found to be, with where."""
    found = {"found_in": f"{AWS_ENV}: {retry.found_in}"} if retry.found_in else {}
    hedge = retry.hedge or Hedge()
    return {
        "policy": retry.policy.value,
        "max_attempts": retry.max_attempts,
        "budget": retry.budget_words,
        **found,
        "deadline_ns": retry.deadline_ns,
        "hedge_ns": hedge.delay_ns,
        "hedge_quantile": hedge.quantile,
    }


def host() -> dict[str, Any]:
    """The machine and its Python."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": cores,
        "python": sys.version.split()[0],
        "load_average": list(os.getloadavg()),
    }


def _binding(binding: Binding) -> dict[str, Any]:
    return {
        "variant": binding.variant.name,
        "url": binding.url,
        "function": binding.function,
        "qualifier": binding.qualifier,
        "region": binding.region,
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
