"""The set-up screen: profiles with their question, target, load and cost, and what is wrong.

It knows no profile itself: cards, the check of what is typed and the start are given to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input

from bench.errors import LamloadError
from bench.tui import messages
from bench.tui.palette import Tone
from bench.tui.screens.dialogs import TextDialog
from bench.tui.screens.help import flowing
from bench.tui.source import AppResult, Leaving, RunSource
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.keybar import Hint, KeyBar
from bench.tui.widgets.text_lines import TextLine, TextLines

NARROW = 100
START_KEYS = "ctrl+r,f5"


@dataclass(frozen=True, slots=True)
class ProfileCard:
    """What the screen says of a profile; every text is ready to be shown.

    name is what `start` and `validate` get: a shipped profile's name, or a path. target is LOCAL,
    AWS with its region, or a URL. variants and load are lines. cost_usd is None where nobody knows.
    """

    name: str
    title: str
    question: str
    target: str
    variants: tuple[str, ...]
    load: tuple[str, ...]
    duration: str
    arrivals: str = ""
    cost_usd: float | None = None
    cost: str = ""


Validate = Callable[[str], list[str]]
"""A profile's name or path, with KEY=VALUE behind it -> its mistakes; none if it can start."""
StartRun = Callable[[str], Awaitable[RunSource]]
"""Begin the run of such a line. Raises LamloadError with what to mend."""
Describe = Callable[[str], ProfileCard | None]
"""The card of such a line; None if it has mistakes."""

COLUMNS = (
    Column("name", "profile", 20, left=True),
    Column("target", "target", 6, 1, left=True),
    Column("duration", "takes", 8, 1),
    Column("title", "title", 12, 2, left=True, flex=True),
)
HELP = """\
Choose a profile with the arrows, or type the path of your own below. Behind it stand \
changes, as after --set: load.seed=2 phase.steady.rate=20/s

  Enter   in the list: take that profile into the line below
  Enter   in the line: start
  ctrl+r  start what the line says, from anywhere
  Tab     between list and line
  q       leave (in the list; Escape comes out of the line)

Nothing is sent before the start. What the line says is checked while you type."""


class SetupScreen(Screen[RunSource]):
    """Returns the source of the run that was started."""

    SCOPED_CSS = False
    CSS = """
    SetupScreen #head { height: 2; padding: 0 1; background: $surface; }
    SetupScreen #body { height: 1fr; }
    SetupScreen #profiles { width: 44%; height: 1fr; }
    SetupScreen #card { width: 1fr; height: 1fr; margin-left: 2; }
    SetupScreen #line { height: 3; border: round $primary; border-title-color: $primary; }
    SetupScreen #line.wrong { border: round $error; border-title-color: $error; }
    SetupScreen #problems { height: auto; max-height: 6; }
    SetupScreen.narrow #body { layout: vertical; }
    SetupScreen.narrow #profiles { width: 1fr; height: 45%; }
    SetupScreen.narrow #card { margin-left: 0; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(START_KEYS, "start", "start", id="start"),
        Binding("question_mark,f1", "help", "help", key_display="?"),
        Binding("escape", "to_list", "list", show=False),
        Binding("q,ctrl+q,ctrl+c", "leave", "quit", key_display="q"),
    ]

    def __init__(
        self,
        cards: Sequence[ProfileCard],
        validate: Validate,
        start: StartRun,
        describe: Describe | None = None,
    ) -> None:
        super().__init__()
        self._cards = {card.name: card for card in cards}
        self._validate_line = validate
        self._start_line = start
        self._describe = describe
        self._shown = ""
        self._starting = False

    def compose(self) -> ComposeResult:
        """Head, list beside card, the line, what is wrong with it."""
        yield TextLines(id="head", rows=2)
        with Horizontal(id="body"):
            yield Grid(COLUMNS, id="profiles", title="profiles", empty="none are shipped")
            yield TextLines(id="card", title="what it would do")
        line = Input(
            id="line",
            placeholder="a profile's name or path, then KEY=VALUE …",
            select_on_focus=False,  # what is typed after Enter goes behind the name
        )
        line.border_title = "run"
        yield line
        yield TextLines(id="problems")
        yield KeyBar()

    def on_mount(self) -> None:
        """Show the list; its first profile is in the line."""
        self.query_one("#head", TextLines).show(
            [
                [(" lamload ", Tone.CHIP), ("  which profile is to run?", Tone.STRONG)],
                [("Nothing is sent before the start.", Tone.DIM)],
            ]
        )
        self.query_one(KeyBar).show(
            [
                Hint("?", "help", "help"),
                Hint("q", "quit", "leave"),
                Hint("ctrl+r", "start", "start"),
                Hint("Enter", "take", ""),
                Hint("Tab", "list or line", ""),
            ]
        )
        grid = self.query_one("#profiles", Grid)
        grid.show([_row(card) for card in self._cards.values()], f"{len(self._cards)}")
        if grid.selected is not None:
            self._choose(grid.selected)
        grid.focus()

    def on_resize(self, event: events.Resize) -> None:
        """List above card where there is no room beside it."""
        self.set_class(event.size.width < NARROW, "narrow")

    @property
    def line(self) -> str:
        """What is to run: a profile and perhaps changes, as typed, without outer blanks."""
        return self.query_one("#line", Input).value.strip()

    # -- choosing

    def on_row_selected(self, message: messages.RowSelected) -> None:
        """The profile under the cursor goes into the line."""
        self._choose(message.row)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        """Enter in the list: on to the line, ready to start."""
        self._choose(message.row)
        self.query_one("#line", Input).focus()

    def _choose(self, name: str) -> None:
        line = self.query_one("#line", Input)
        line.value = name
        line.cursor_position = len(name)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check what was typed, once there is a pause."""
        self._check(event.value.strip())

    def on_input_submitted(self) -> None:
        """Enter in the line starts what it says."""
        self.action_start()

    @work(exclusive=True, thread=True, group="check")
    def _check(self, line: str) -> None:
        problems = self._validate_line(line) if line else []
        card = self._cards.get(line)
        if card is None and not problems and self._describe is not None and line:
            card = self._describe(line)
        self.app.call_from_thread(self._show_checked, line, problems, card)

    def _show_checked(self, line: str, problems: list[str], card: ProfileCard | None) -> None:
        if line != self.line:
            return  # another has been typed since
        box = self.query_one("#line", Input)
        box.set_class(bool(problems), "wrong")
        many = f"{len(problems)} mistake{'s' if len(problems) > 1 else ''}"
        box.border_title = f"run: {many}" if problems else "run: ready, ctrl+r starts"
        self.query_one("#problems", TextLines).show([[(p, Tone.BAD)] for p in problems[:6]])
        width = self.query_one("#card", TextLines).size.width
        lines = _card_lines(card, max(20, width - 2)) if card is not None else []
        self.query_one("#card", TextLines).show(lines, "" if card is None else card.name)
        self._shown = line

    # -- leaving

    def action_start(self) -> None:
        """Start what the line says, if it can be."""
        if self._starting or not self.line:
            return
        problems = self._validate_line(self.line)
        if problems:
            self._show_checked(self.line, problems, None)
            self.app.bell()
            return
        self._starting = True
        self.query_one("#line", Input).border_title = "bringing up the target and the workers …"
        self._begin(self.line)

    @work(exclusive=True, group="start")
    async def _begin(self, line: str) -> None:
        try:
            source = await self._start_line(line)
        except (LamloadError, OSError) as error:
            self._starting = False
            self._show_checked(line, str(error).splitlines(), None)
            self.query_one("#line", Input).border_title = "run: it did not start"
            return
        self.dismiss(source)

    def action_to_list(self) -> None:
        """Give the list of profiles the keyboard."""
        self.query_one("#profiles", Grid).focus()

    def action_help(self) -> None:
        """How to choose and start."""
        self.app.push_screen(
            TextDialog("Start a run", Text(flowing(HELP, TextDialog.room(self.size.width))))
        )

    def action_leave(self) -> None:
        """Leave without a run, unless one is being started."""
        if self._starting:
            self.notify("the run is being started", severity="warning")
            return
        self.app.exit(AppResult(Leaving.UNSTARTED))


def _row(card: ProfileCard) -> Row:
    kind = card.target.split()[0] if card.target else ""
    return Row(
        card.name,
        {
            "name": Cell(card.name, card.name, Tone.STRONG),
            "target": Cell(kind if kind in ("LOCAL", "AWS") else "URL", kind),
            "duration": Cell(card.duration, card.duration),
            "title": Cell(card.title, card.title, Tone.DIM),
        },
    )


def _card_lines(card: ProfileCard, width: int) -> list[TextLine]:
    lines: list[TextLine] = [[(card.title, Tone.STRONG)]]
    lines += [[(text, Tone.TEXT)] for text in _wrapped(card.question, width)]
    lines.append([])
    fields = [
        ("target", (card.target,)),
        ("variants", card.variants),
        ("load", card.load),
        ("takes", (card.duration,)),
        ("arrivals", (card.arrivals,)),
        ("cost", (card.cost,)),
    ]
    for name, texts in fields:
        for number, text in enumerate(t for t in texts if t):
            for part_number, part in enumerate(_wrapped(text, width - 10)):
                head = name if number == 0 and part_number == 0 else ""
                tone = Tone.STRONG if name == "target" else Tone.TEXT
                lines.append([(f"{head:<10}", Tone.DIM), (part, tone)])
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return [part for line in text.splitlines() for part in (wrap(line, width) or [""])]
