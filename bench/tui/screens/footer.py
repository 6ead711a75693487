"""Which keys the footer of a run's screen offers: those of what has the keyboard come first, then
those that matter now, the most important ones first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.model.outcome import Verdict
from bench.tui.keys import BY_NAME, LOAD, REPLAY_HINTS, REPLAY_WORDS, RUN_HINTS
from bench.tui.run_model import RunModel
from bench.tui.views.base import View
from bench.tui.widgets.keybar import Hint

FILTER_HINTS = (Hint("Enter", "keep", ""), Hint("Esc", "clear", ""))
"""While a filter is being typed no other key means anything."""


def footer_hints(run: RunModel, view: View, bound: Mapping[str, str]) -> list[Hint]:
    """view: the one in sight; bound: command -> its keys, as they are bound now."""
    own = list(_of_view(view, bound))
    return [*own, *_of_screen(run, bound)]


def _of_view(view: View, bound: Mapping[str, str]) -> Iterable[Hint]:
    for key in view.own_keys:
        yield Hint(bound.get(str(key.id), key.key), key.description, "")


def _of_screen(run: RunModel, bound: Mapping[str, str]) -> Iterable[Hint]:
    words = {} if run.playback is None else REPLAY_WORDS
    for name in _offered(run):
        key = BY_NAME[name]
        yield Hint(bound.get(name, key.keys).split(" ")[0], words.get(name, key.words), key.action)


def _offered(run: RunModel) -> Sequence[str]:
    """Those of the load end with it. What speaks against the figures comes early, once there is
    anything.
    """
    names: Sequence[str] = REPLAY_HINTS
    if run.playback is None:
        over = run.is_over
        names = [name for name in RUN_HINTS if not (over and BY_NAME[name].group == LOAD)]
    if run.snapshot is None or run.snapshot.verdict is Verdict.VALID:
        return names
    return [*names[:2], "reasons", *(name for name in names[2:] if name != "reasons")]
