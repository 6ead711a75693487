"""The time of day of a node, by which nothing is measured; but requests are signed by one. Pure."""

from __future__ import annotations

WRONG_S = 60
"""From here on it is told. AWS refuses what was signed at a time that is wrong by 5 minutes."""


def beyond(instant_s: float, low_s: float, high_s: float) -> int:
    """How far outside an interval an instant lies, in whole seconds towards 0; negative before it.

    The interval is from a question to its answer, the instant what a node's clock showed between.
    """
    return int(max(0.0, instant_s - high_s) + min(0.0, instant_s - low_s))


def wall_words(name: str, ahead_s: int, has_own_target: bool) -> str:
    """What to say of a time of day that is wrong by a minute or more; '' if it is not."""
    if abs(ahead_s) < WRONG_S:
        return ""
    way = "ahead of" if ahead_s > 0 else "behind"
    signed = "" if has_own_target else ": its requests are signed by this machine's"
    return f"the time of day of node {name} is {abs(ahead_s)} s {way} this machine's{signed}"
