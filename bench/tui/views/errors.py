"""Screen 4: what failed, how often, and samples with their request ids."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from bench.model import NS_PER_S, Outcome, Sample
from bench.tui.state import ViewState
from bench.tui.views.base import View
from bench.tui.wording import UNKNOWN, count

SHOWN = 40


class ErrorsView(View):
    """Counts by kind and variant, then the latest samples."""

    title = "Errors"
    help = "Failures by kind, attempts and retries; below, failed attempts as they came."

    DEFAULT_CSS = "ErrorsView Static { height: auto; }"

    def compose(self) -> ComposeResult:
        """Two tables."""
        yield Static("", id="kinds")
        yield Static("", id="samples")

    def show(self, state: ViewState) -> None:
        """Draw both."""
        self.query_one("#kinds", Static).update(_kinds(state))
        self.query_one("#samples", Static).update(_samples(state))


def _kinds(state: ViewState) -> Table:
    table = Table(title=f"outcomes, {state.window_name}", title_justify="left", box=None)
    table.add_column("variant")
    for outcome in Outcome:
        table.add_column(outcome.name.lower().replace("_", " "), justify="right")
    for header in ("attempts", "retries", "amplification"):
        table.add_column(header, justify="right")
    for name, window in state.windows.items():
        tally = window.tally
        amplification = tally.retry_amplification
        table.add_row(
            f"{state.looks[name].marker} {name}",
            *(count(number) for number in tally.outcomes),
            count(tally.attempts),
            count(tally.retries),
            UNKNOWN if amplification is None else f"{amplification:.3f}",
        )
    return table


def _samples(state: ViewState) -> Table:
    table = Table(title="failed attempts, latest last", title_justify="left", box=None)
    for header in ("at", "variant", "outcome", "status", "try", "request id", "detail"):
        table.add_column(header, no_wrap=True, overflow="ellipsis")
    wanted = [sample for sample in state.snapshot.samples if _matches(sample, state.filter)]
    for sample in wanted[-SHOWN:]:
        table.add_row(
            f"{sample.t_ns / NS_PER_S:.1f} s",
            sample.variant,
            sample.outcome.name.lower().replace("_", " "),
            str(sample.status or UNKNOWN),
            str(sample.attempt),
            sample.request_id or UNKNOWN,
            Text(sample.detail),
        )
    return table


def _matches(sample: Sample, wanted: str) -> bool:
    said = f"{sample.variant} {sample.outcome.name} {sample.request_id} {sample.detail}".lower()
    return wanted.lower() in said
