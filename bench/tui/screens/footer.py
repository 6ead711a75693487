"""Which keys the footer of a run's screen offers: those of what has the keyboard come first, then
those that matter now, the most important ones first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.model.outcome import Verdict
from bench.tui.keys import BY_NAME, LOAD, OPPOSITES, PLAYBACK_HINTS, PLAYBACK_LABELS, RUN_HINTS
from bench.tui.run_model import RunModel
from bench.tui.views.base import View
from bench.tui.widgets.keybar import Hint

FILTER_HINTS = (Hint("Enter", "keep", ""), Hint("Esc", "clear", ""))
"""While a filter is being typed no other key means anything."""


def footer_hints(run: RunModel, view: View, bound: Mapping[str, str]) -> list[Hint]:
    """view: the one in sight; bound: command -> its keys, as they are bound now.

    A key that the view's table has taken for itself stands for nothing else.
    """
    own = [Hint(bound.get(str(k.id), k.key), k.description, "") for k in view.own_keys]
    taken = {hint.key for hint in own}
    return [*own, *(hint for hint in _of_screen(run, bound) if hint.key not in taken)]


def _of_screen(run: RunModel, bound: Mapping[str, str]) -> Iterable[Hint]:
    def key_of(name: str) -> str:
        return bound.get(name, BY_NAME[name].keys).split(" ")[0]

    for name in _offered(run):
        key = BY_NAME[name]
        if run.playback is not None:
            yield Hint(key_of(name), PLAYBACK_LABELS.get(name, key.label), key.action)
        elif name in OPPOSITES:
            other, label = OPPOSITES[name]
            yield Hint(key_of(name), label, key.action, (key_of(other), BY_NAME[other].action))
        else:
            yield Hint(key_of(name), key.label, key.action)


def _offered(run: RunModel) -> Sequence[str]:
    """What speaks against the figures comes early, once there is anything."""
    names: Sequence[str] = PLAYBACK_HINTS
    if run.playback is None:
        names = [name for name in RUN_HINTS if BY_NAME[name].group != LOAD or _acts(run, name)]
    if run.snapshot is None or run.snapshot.verdict is Verdict.VALID:
        return names
    return [*names[:2], "reasons", *(name for name in names[2:] if name != "reasons")]


def _acts(run: RunModel, name: str) -> bool:
    """Keys of the load end with it; a search for capacity sets its own rate, and can be stopped."""
    return not run.is_over and (run.source.profile.capacity is None or name == "stop")
