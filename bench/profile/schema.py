"""A profile's sections, in their order: what is not here is a mistake of the profile's."""

from __future__ import annotations

import re

from bench.model.profile import Profile, Variant
from bench.profile.capacity import CAPACITY
from bench.profile.connections import CONNECTIONS, TIMEOUT
from bench.profile.levels import BREAKERS, NAMED_EVENTS, RETRIES, TIMEOUTS
from bench.profile.load import LOAD
from bench.profile.phase_keys import PHASE
from bench.profile.retry import BREAKER, RETRY
from bench.profile.stop import LIMITS, RECORD, SLO, STOP
from bench.profile.target import TARGET
from bench.profile.variants import VARIANTS
from bench.schema.key import Key, TableKey
from bench.schema.section import Document, Section
from bench.schema.values import narrowed, text
from bench.units import shown

_NAME = r"[\w][\w. +-]{0,99}"


def _check_name(name: str) -> str:
    """It becomes a part of a folder's name."""
    if not re.fullmatch(_NAME, name):
        raise ValueError(
            f"must be made of letters, digits, spaces, dots, - and _ (it is {shown(name)})"
        )
    return name


def _variants_as_written(profile: Profile) -> list[Variant]:
    """A function by its folder, not by the short name that results call it."""
    functions = profile.levels.functions
    return [
        variant.with_levels({"function": functions[variant.function]})
        if variant.function is not None
        else variant
        for variant in profile.variants
    ]


NAME = Key(
    "name",
    "part of the run folder's name",
    narrowed(text, _check_name, {"pattern": f"^{_NAME}$"}),
    "",
    cell="the file's name",
)
TITLE = Key("title", "headline", text, "", cell="`name`")
TARGET_MISSING = 'add [target] with kind = "local" and a function'
PROFILE = Document(
    "a profile",
    Section(
        "",
        (
            NAME,
            TITLE,
            TableKey(
                "target",
                "what is called",
                TARGET,
                missing=TARGET_MISSING,
            ),
            TableKey(
                "variants",
                "what is measured",
                VARIANTS,
                of=_variants_as_written,
                cell="required, but not for URLs",
            ),
            NAMED_EVENTS,
            TableKey("load", "how the load comes", LOAD),
            TableKey(
                "phase",
                "stretches of load, one after another",
                PHASE,
                fills="phases",
                cell="required, but not with `[capacity]`",
            ),
            TableKey("capacity", "a search instead of phases", CAPACITY),
            TableKey("timeout", "how long an attempt may take", TIMEOUT, fills="timeouts"),
            TIMEOUTS,
            TableKey("retry", "what is tried again, and when", RETRY),
            RETRIES,
            TableKey("breaker", "a circuit breaker before the target", BREAKER),
            BREAKERS,
            TableKey("connections", "how connections are kept", CONNECTIONS),
            SLO,
            TableKey("record", "what is written besides", RECORD, of=lambda profile: profile),
            TableKey("limits", "what it may cost", LIMITS, of=lambda profile: profile),
            TableKey("stop", "when the run ends early", STOP),
        ),
    ),
)
"""The top level and all below it. Keys of `slo`, `target.headers` and `target.environment` are free
names, those of `target.urls` endpoints."""
