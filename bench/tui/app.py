"""The live terminal UI. It draws what a RunSource tells and sends what the user asks of it.

The load never waits for it: it runs in the coordinator's event loop beside the run's own task, so
that a crash of this app leaves the run alone. Textual draws on stderr; stdout stays clean.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.notifications import SeverityLevel
from textual.screen import Screen

from bench.tui.driver import fitting, glyphs_for
from bench.tui.keys import KEYS
from bench.tui.palette import PLAIN, Paint
from bench.tui.preferences import Preferences
from bench.tui.screens.run import RunScreen
from bench.tui.screens.setup import Describe, ProfileCard, SetupScreen, StartRun, Validate
from bench.tui.source import AppResult, RunSource
from bench.tui.themes import NAMES, PAINTS, THEMES, short_name, theme_name
from bench.tui.widgets.canvas import Glyphs

__all__ = ["LamloadApp", "ProfileCard"]


class LamloadApp(App[AppResult]):
    """Watches one run; `setup` makes one that lets a run be chosen first."""

    TITLE = "lamload"
    BINDINGS: ClassVar[list[BindingType]] = [
        # The terminal sends no signal for it while the view is up; the load goes on meanwhile.
        Binding("ctrl+z", "suspend_process", show=False, system=True)
    ]
    ENABLE_COMMAND_PALETTE = True
    CSS = """
    ToastRack { margin-bottom: 1; }
    Toast { width: auto; max-width: 90%; margin-top: 0; padding: 0 1; }
    """

    def __init__(
        self,
        source: RunSource | None,
        *,
        runs_root: Path | None = None,
        preferences: Preferences | None = None,
        no_color: bool | None = None,
    ) -> None:
        """no_color None: as the environment's NO_COLOR says."""
        plain = no_color if no_color is not None else bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if plain else None)
        self.no_color = plain
        self._source = source
        self._runs_root = runs_root
        self._preferences = preferences or Preferences()
        self._setup: SetupScreen | None = None
        encoding = getattr(sys.__stderr__, "encoding", None)
        self.glyphs: Glyphs = glyphs_for(self._preferences.charts, encoding)
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = theme_name("ansi" if plain else self._preferences.theme)

    @classmethod
    def setup(
        cls,
        cards: Sequence[ProfileCard],
        validate: Validate,
        start: StartRun,
        describe: Describe | None = None,
        *,
        runs_root: Path | None = None,
        preferences: Preferences | None = None,
    ) -> LamloadApp:
        """An app that begins with the set-up screen and then watches the run that was started."""
        app = cls(None, runs_root=runs_root, preferences=preferences)
        app._setup = SetupScreen(cards, validate, start, describe)
        return app

    def get_driver_class(self) -> type[Driver]:
        """One that knows the size of what is drawn on."""
        return fitting(super().get_driver_class())

    def on_mount(self) -> None:
        """Show the run, or what could be run."""
        if self._preferences.keys:
            self.set_keymap(dict(self._preferences.keys))
        self.title = "lamload"
        if self._source is not None:
            self.push_screen(RunScreen(self._source, self._runs_root))
        elif self._setup is not None:
            self.push_screen(self._setup, self._started)

    def _started(self, source: RunSource | None) -> None:
        if source is not None:
            self._source = source
            self.push_screen(RunScreen(source, self._runs_root))

    def load_failed(self, error: BaseException) -> None:
        """The load broke: say so on the screen; what it has recorded stays in view."""
        for screen in self.screen_stack:
            if isinstance(screen, RunScreen):
                screen.load_failed(f"{type(error).__name__}: {error}")

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,  # noqa: ARG002 - Textual's name; see below
    ) -> None:
        """Say it in place of what was said before, so that no pile hides the figures.

        Never as markup: paths and errors of the system have brackets of their own.
        """
        self.clear_notifications()
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    # -- looks

    @property
    def paint(self) -> Paint:
        """The styles of the theme in force."""
        return PLAIN if self.no_color else PAINTS[short_name(self.theme)]

    def action_theme(self) -> None:
        """Dark, light, the terminal's own colours."""
        if self.no_color:
            self.notify("NO_COLOR is set: there are no colours to change")
            return
        name = NAMES[(NAMES.index(short_name(self.theme)) + 1) % len(NAMES)]
        self.theme = theme_name(name)

    def watch_theme(self) -> None:
        """Everything that draws itself does so again."""
        self.call_after_refresh(self._repaint)

    def action_glyphs(self) -> None:
        """Charts in braille, blocks or ASCII."""
        every = list(Glyphs)
        self.glyphs = every[(every.index(self.glyphs) + 1) % len(every)]
        self.notify(f"charts in {self.glyphs.value}")
        self._repaint()

    def _repaint(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, RunScreen):
                screen.repaint()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What ctrl+p offers: every key by name, and every screen."""
        if not isinstance(screen, RunScreen):
            return
        for key, view in screen.switcher.keyed:
            run = _action(screen, f"view({key})")
            yield SystemCommand(f"Screen: {view.title}", f"key {key}", run)
        for command in KEYS:
            run = _action(screen, command.action)
            yield SystemCommand(command.label.capitalize(), command.help, run)


def _action(screen: RunScreen, action: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await screen.run_action(action)

    return run
