"""What a scripted target does with each request. Pure: request number and time give an action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """How the target treats one request, after its delay."""

    ANSWER = "answer"
    ANSWER_AND_CLOSE = "answer and close"
    """A correct answer that promises keep-alive, and then the connection is closed."""
    RESET = "reset"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    OVERSIZED = "oversized"
    ENDLESS = "endless"
    SLOW_HEAD = "slow head"
    """The head comes in eight parts, spread over the delay."""
    THROTTLE = "throttle"
    """429 with Retry-After."""


@dataclass(frozen=True, slots=True)
class ScriptedAction:
    """delay_s counts from the whole request received to the first byte of the answer."""

    act: Act
    delay_s: float = 0.0


Script = Callable[[int, float], ScriptedAction]
"""(number of the request from 0, seconds since the first request) -> action."""

SERVICE_S = 0.005
SLOW_S = 0.05
STALL_FROM_S, STALL_TO_S = 1.0, 3.0
THROTTLE_UNTIL_S = 0.5
RETRY_AFTER_S = 1
TRICKLE_S = 0.2


def constant(_number: int, _t_s: float) -> ScriptedAction:
    """Every answer after 5 ms."""
    return ScriptedAction(Act.ANSWER, SERVICE_S)


def _bimodal(number: int, _t_s: float) -> ScriptedAction:
    """Nine in ten after 5 ms, every tenth after 50 ms."""
    return ScriptedAction(Act.ANSWER, SLOW_S if number % 10 == 9 else SERVICE_S)


def _stall(_number: int, t_s: float) -> ScriptedAction:
    """5 ms, but nothing is answered between second 1 and second 3."""
    if STALL_FROM_S <= t_s < STALL_TO_S:
        return ScriptedAction(Act.ANSWER, STALL_TO_S - t_s + SERVICE_S)
    return ScriptedAction(Act.ANSWER, SERVICE_S)


def _throttling(_number: int, t_s: float) -> ScriptedAction:
    """429 with Retry-After to all that comes within the first half second."""
    return ScriptedAction(Act.THROTTLE if t_s < THROTTLE_UNTIL_S else Act.ANSWER, SERVICE_S)


def _one_in(n: int, act: Act, delay_s: float = SERVICE_S) -> Script:
    """Every n-th request meets `act`, the others an answer after 5 ms."""

    def script(number: int, _t_s: float) -> ScriptedAction:
        if number % n == n - 1:
            return ScriptedAction(act, delay_s)
        return ScriptedAction(Act.ANSWER, SERVICE_S)

    return script


SCRIPTS: dict[str, Script] = {
    "constant": constant,
    "fast": constant,
    "bimodal": _bimodal,
    "stall": _stall,
    "resets": _one_in(100, Act.RESET),
    "truncated": _one_in(10, Act.TRUNCATED),
    "garbage": _one_in(10, Act.GARBAGE),
    "oversized": _one_in(50, Act.OVERSIZED),
    "endless": _one_in(50, Act.ENDLESS),
    "slow-head": _one_in(10, Act.SLOW_HEAD, TRICKLE_S),
    "closed-keep-alive": _one_in(5, Act.ANSWER_AND_CLOSE),
    "throttles": _throttling,
}
