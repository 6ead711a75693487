"""Every key of the run's screen: what it does, how it is called in the user's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """action is also the name under [keys] in the configuration; shown: in the footer."""

    name: str
    keys: str
    action: str
    words: str
    help: str
    group: str
    display: str | None = None
    shown: bool = False

    @property
    def binding(self) -> Binding:
        """As Textual wants it."""
        return Binding(
            self.keys, self.action, self.words, self.shown, self.display, id=self.name,
            tooltip=self.help,
        )  # fmt: skip


LOAD, VIEW, ALL, REPLAY = "the load", "the view", "everywhere", "a replay"

KEYS: tuple[Key, ...] = (
    Key("rate_up", "plus,equals_sign", "rate(1)", "faster",
        "a tenth more load; in a replay twice as fast", LOAD, "+"),
    Key("rate_down", "minus", "rate(-1)", "slower",
        "a tenth less load; in a replay half as fast", LOAD, "-"),
    Key("hold_load", "p", "hold_load", "hold load",
        "no new arrivals until p again; what is in flight goes on", LOAD, shown=True),
    Key("next_phase", "n", "next_phase", "next phase", "leave this phase for the next one", LOAD),
    Key("stop", "s", "stop", "stop",
        "stop and drain: wait for what is in flight, then report; asks first", LOAD, shown=True),
    Key("hold_view", "space", "hold_view", "hold view",
        "the screen stands still, the load goes on; in a replay play or pause", VIEW, shown=True),
    Key("metric", "m", "metric", "metric", "chart the next metric", VIEW, shown=True),
    Key("log_scale", "l", "logarithmic", "log", "logarithmic or linear axis", VIEW, shown=True),
    Key("window", "w", "window", "window",
        "what the tables cover: the whole run, the last minute, the last second", VIEW, shown=True),
    Key("baseline", "b", "baseline", "baseline",
        "compare all rows with the one under the cursor; again: with none", VIEW, shown=True),
    Key("hide", "x", "hide", "hide", "hide or show the line of the row under the cursor", VIEW),
    Key("maximise", "z", "maximise", "maximise",
        "the focused part alone, or all again; Tab goes to the next part", VIEW),
    Key("filter", "slash", "filter", "filter", "keep the lines with a word in them", VIEW, "/"),
    Key("copy_row", "y", "copy_row", "copy row", "copy the row under the cursor", VIEW),
    Key("export", "e", "export", "export", "write what is here to a file; asks what", VIEW),
    Key("screenshot", "ctrl+s", "screenshot", "screenshot", "save the screen as SVG", VIEW),
    Key("theme", "T", "app.theme", "theme", "dark, light, the terminal's own colours", VIEW),
    Key("glyphs", "g", "app.glyphs", "glyphs", "charts in braille, blocks or ASCII", VIEW),
    Key("back_1", "comma", "step(-1)", "back", "a second back", REPLAY, ","),
    Key("forward_1", "full_stop", "step(1)", "on", "a second on", REPLAY, "."),
    Key("back_10", "less_than_sign", "step(-10)", "back 10", "ten seconds back", REPLAY, "<"),
    Key("forward_10", "greater_than_sign", "step(10)", "on 10", "ten seconds on", REPLAY, ">"),
    Key("reasons", "v", "reasons", "verdict", "the verdict and all its reasons", ALL),
    Key("help", "question_mark,f1", "help", "help", "what is here, and its keys", ALL, "?", True),
    Key("quit", "q,ctrl+q,ctrl+c", "leave", "quit",
        "leave; asks what becomes of a load that goes on", ALL, "q", True),
)  # fmt: skip
BY_NAME = {key.name: key for key in KEYS}
SCREENS = (
    ("1", "compare"),
    ("2", "latency"),
    ("3", "load"),
    ("4", "errors"),
    ("5", "cold"),
    ("6", "cost"),
    ("7", "log"),
    ("8", "history"),
)
RUN_HINTS = (
    "help", "quit", "stop", "hold_load", "hold_view", "metric", "window", "baseline", "log_scale",
    "maximise", "export", "filter", "reasons",
)  # fmt: skip
"""What the bar at the bottom offers, as far as there is room."""
REPLAY_WORDS = {"hold_view": "play or pause"}
"""What some of them are called in a replay."""
REPLAY_HINTS = (
    "help", "quit", "hold_view", "rate_up", "rate_down", "back_1", "forward_1", "back_10",
    "forward_10", "metric", "window", "baseline", "log_scale", "export", "reasons",
)  # fmt: skip
GRID_HELP = (
    ("↑ ↓ Home End", "another row"),
    ("← →", "columns that have no place"),
    ("o  O", "sort by the next column; turn the order round (or click a header)"),
    ("Tab", "the next part of the screen"),
    ("1 … 8", "another screen"),
    ("ctrl+p", "everything by name"),
)
DEFAULTS: dict[str, str] = {
    **{key.name: key.keys for key in KEYS},
    "history_mark": "m",
    "history_compare": "c",
    "history_report": "v",
    "history_reload": "r",
    "start": "ctrl+r,f5",
}
"""Action -> its keys; those of the history hold where its list has the keyboard."""
LOCAL = frozenset({"history_mark", "history_compare", "history_report", "history_reload"})
"""Actions whose keys may mean something else elsewhere."""


def bindings() -> list[Binding]:
    """All of the run's screen."""
    own = [key.binding for key in KEYS]
    views = [Binding(key, f"view('{name}')", name, show=False) for key, name in SCREENS]
    return own + views
