"""Every key of the run's screen: what it does, how it is called in the user's configuration.

A key stands for a command of one of the screen's parts, by its name. The digits are the views'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from textual.binding import Binding

Commands = Mapping[str, Callable[[], object]]
"""What a part of the screen can do, by the names of the keys that ask for it."""


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """name is what the command is called, also under [keys] in the configuration.

    keys: as Textual names them, with commas between; label: in the footer and in the palette;
    display: how the key is shown there; by_app: the app does it, wherever it is.
    """

    name: str
    keys: str
    label: str
    help: str
    group: str
    display: str | None = None
    by_app: bool = False

    @property
    def action(self) -> str:
        """As Textual runs it on the screen."""
        return f"app.{self.name}" if self.by_app else f"command('{self.name}')"

    @property
    def binding(self) -> Binding:
        """As Textual wants it; the id is what the configuration calls it."""
        return Binding(
            self.keys, self.action, self.label, show=False, key_display=self.display,
            id=self.name, tooltip=self.help,
        )  # fmt: skip


LOAD, VIEW, ALL, PLAYBACK = "the load", "the view", "everywhere", "a playback"

KEYS: tuple[KeyBinding, ...] = (
    KeyBinding("rate_up", "plus,equals_sign", "faster",
        "a tenth more load; in a playback twice as fast", LOAD, "+"),
    KeyBinding("rate_down", "minus", "slower",
        "a tenth less load; in a playback half as fast", LOAD, "-"),
    KeyBinding("hold_load", "p", "hold load",
        "no new arrivals until p again; what is in flight goes on", LOAD),
    KeyBinding("next_phase", "n", "next phase", "leave this phase for the next one", LOAD),
    KeyBinding("stop", "s", "stop",
        "stop and drain: wait for what is in flight, then report; asks first", LOAD),
    KeyBinding("hold_view", "space", "hold view",
        "the screen stands still, the load goes on; in a playback play or pause", VIEW),
    KeyBinding("metric", "m", "metric", "chart the next metric", VIEW),
    KeyBinding("log_scale", "l", "log", "axes by their span, logarithmic, linear", VIEW),
    KeyBinding("turns", "t", "turns",
        "charts over time: the turns of variants over each other, or side by side", VIEW),
    KeyBinding("window", "w", "window",
        "what the tables cover: the whole run, the last minute, the last second", VIEW),
    KeyBinding("baseline", "b", "baseline",
        "compare all rows with the one under the cursor; again: with none", VIEW),
    KeyBinding("hide", "x", "hide", "hide or show the line of the row under the cursor", VIEW),
    KeyBinding("maximise", "z", "maximise",
        "the focused part alone, or all again; Tab goes to the next part", VIEW),
    KeyBinding("filter", "slash", "filter", "keep the lines with a word in them", VIEW, "/"),
    KeyBinding("copy_row", "y", "copy row", "copy the row under the cursor", VIEW),
    KeyBinding("export", "e", "export", "write what is here to a file; asks what", VIEW),
    KeyBinding("screenshot", "ctrl+s", "screenshot", "save the screen as SVG", VIEW),
    KeyBinding("theme", "T", "theme", "dark, light, the terminal's own colours", VIEW,
        by_app=True),
    KeyBinding("glyphs", "g", "glyphs", "charts in braille, blocks or ASCII", VIEW, by_app=True),
    KeyBinding("back_1", "comma", "back", "a second back", PLAYBACK, ","),
    KeyBinding("forward_1", "full_stop", "on", "a second on", PLAYBACK, "."),
    KeyBinding("back_10", "less_than_sign", "back 10", "ten seconds back", PLAYBACK, "<"),
    KeyBinding("forward_10", "greater_than_sign", "on 10", "ten seconds on", PLAYBACK, ">"),
    KeyBinding("reasons", "v", "verdict", "the verdict and all its reasons", ALL),
    KeyBinding("help", "question_mark,f1", "help", "what is here, and its keys", ALL, "?"),
    KeyBinding("quit", "q,ctrl+q,ctrl+c", "quit",
        "leave; asks what becomes of a load that goes on", ALL, "q"),
)  # fmt: skip
BY_NAME = {key.name: key for key in KEYS}
MOST_VIEWS = 9
"""A digit each."""
RUN_HINTS = (
    "help", "quit", "stop", "hold_load", "rate_up", "hold_view", "metric", "window", "next_phase",
    "baseline", "log_scale", "turns", "maximise", "export", "filter", "reasons",
)  # fmt: skip
"""What the bar at the bottom offers, as far as there is room."""
OPPOSITES = {"rate_up": ("rate_down", "rate")}
"""Of a live run: a command -> the one that undoes it, which stands beside it, and both's label."""
PLAYBACK_LABELS = {"hold_view": "play or pause"}
"""What some of them are called in a playback."""
PLAYBACK_HINTS = (
    "help", "quit", "hold_view", "rate_up", "rate_down", "back_1", "forward_1", "back_10",
    "forward_10", "metric", "window", "baseline", "log_scale", "turns", "export", "reasons",
)  # fmt: skip
GRID_HELP = (
    ("↑ ↓ Home End", "another row"),
    ("← →", "columns that have no place"),
    ("o  O", "sort by the next column; turn the order round (or click a header)"),
    ("Tab", "the next part of the screen"),
)
ALWAYS_HELP = (("ctrl+p", "everything by name"),)


def bindings() -> list[Binding]:
    """All of the run's screen; a digit goes to the view in that place, where there is one."""
    own = [key.binding for key in KEYS]
    digits = [str(number) for number in range(1, MOST_VIEWS + 1)]
    return own + [Binding(digit, f"view({digit})", "view", show=False) for digit in digits]
