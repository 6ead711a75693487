"""For each option that stands for a key: a value that can be, and guesses at what was meant.

A refusal ends with a command to paste; what that has in place of what was refused is from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.function_folder import bundled_functions
from bench.model.endpoint import ENDPOINTS
from bench.model.retry import RetryPolicyName
from bench.profile.near import (
    Guesses,
    near_callers,
    near_count,
    near_event,
    near_header,
    near_method,
    near_names,
    near_rate,
    near_sizes,
    near_time,
    near_usd,
)
from bench.profile.near_threshold import near_threshold


def _nothing(_text: str) -> Guesses:
    return []


@dataclass(frozen=True, slots=True)
class Usual:
    """value: what an example has. near: guesses at what somebody meant, the best first."""

    value: str
    near: Callable[[str], Guesses] = _nothing


def _endpoint(text: str) -> Guesses:
    also = {name: kind.value for kind, facts in ENDPOINTS.items() for name in facts.also}
    return near_names(text, [kind.value for kind in ENDPOINTS], also)


def _policy(text: str) -> Guesses:
    also = {"exponential-backoff": "exponential", "jitter": "full-jitter", "off": "none"}
    return near_names(text, [policy.value for policy in RetryPolicyName], also)


def _function(text: str) -> Guesses:
    return near_names(text, bundled_functions(), {})


USUAL: Mapping[str, Usual] = {
    "--memory": Usual("128,512,1769", near_sizes),
    "--endpoint": Usual("invoke", _endpoint),
    "--function": Usual("primes", _function),
    "--qualifier": Usual("$LATEST"),
    "--event": Usual('{"n": 1}', near_event),
    "--header": Usual("Accept: application/json", near_header),
    "--method": Usual("POST", near_method),
    "--rate": Usual("20/s", near_rate),
    "--callers": Usual("10", near_callers),
    "--for": Usual("30s", near_time),
    "--invocations": Usual("200", near_count),
    "--warm-up": Usual("2s", near_time),
    "--rounds": Usual("2", near_count),
    "--retry": Usual("full-jitter", _policy),
    "--timeout": Usual("5s", near_time),
    "--slo": Usual("p99 < 300ms", near_threshold),
    "--max-spend": Usual("1 USD", near_usd),
}
"""By the option's name. To add an option: a row here too, which a test asks for."""
