"""Screen 4: what failed and how often, what retries did about it, and samples with request ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from textual.app import ComposeResult

from bench.format import UNKNOWN, count, percentage, quantile_text
from bench.lambda_facts import RETRY_AFTER_HEADER, SDK_RETRY_AFTER_HEADER
from bench.model.live import BREAKER_CLOSED, BREAKER_OPEN, Snapshot
from bench.model.outcome import Outcome
from bench.model.profile import Client
from bench.model.result import MEDIAN, Measure, Sample, Window
from bench.model.retry import BreakerSpec, RetrySpec
from bench.model.times import NS_PER_S
from bench.profile.retry import bound_words
from bench.tui.messages import RowChosen
from bench.tui.metrics import FAILED
from bench.tui.palette import Tone
from bench.tui.state import ViewState, short_name
from bench.tui.views.base import View, panel
from bench.tui.views.cells import VARIANT_COLUMNS, count_cell, quantile_cell, variant_cells
from bench.tui.views.time_charts import over_time
from bench.tui.widgets.chart import GUTTER, Chart
from bench.tui.widgets.columns import Cell, Column, Row
from bench.tui.widgets.grid import Grid
from bench.tui.widgets.text_lines import TextLines
from bench.units import write_duration

_WORDS = {
    Outcome.FUNCTION_ERROR: "function",
    Outcome.THROTTLED: "throttled",
    Outcome.SERVER_ERROR: "server",
    Outcome.CLIENT_ERROR: "client",
    Outcome.TIMEOUT: "timeout",
    Outcome.CONNECT_ERROR: "connect",
    Outcome.PROTOCOL_ERROR: "protocol",
    Outcome.REJECTED: "rejected",
}

_MEDIAN = quantile_text(MEDIAN)
COLUMNS = (
    *VARIANT_COLUMNS,
    Column("ok", "ok %", 5, 0, group="outcomes"),
    Column("failed", "failed", 7, 0, group="outcomes", falls=True),
    *(
        Column(outcome.name, word, 9, rank, group="outcomes", falls=True)
        for rank, (outcome, word) in enumerate(_WORDS.items(), 3)
    ),
    Column("attempts", "attempts", 8, 1, group="retries", falls=True),
    Column("retries", "retries", 7, 0, group="retries", falls=True),
    Column("amplification", "×", 6, 1, group="retries", falls=True),
    Column("refused", "refused", 7, 10, group="retries", falls=True),
    Column("r50", f"retried {_MEDIAN}", 11, 11, group="retries", falls=True),
    Column("a50", f"attempt {_MEDIAN}", 11, 12, group="retries", falls=True),
)

SAMPLE_COLUMNS = (
    Column("at", "at s", 8, falls=True),
    Column("variant", "variant", 16, 1, left=True),
    Column("outcome", "outcome", 14, 0, left=True),
    Column("status", "status", 6, 2),
    Column("try", "try", 3, 3),
    Column("request", "request id", 36, 4, left=True),
    Column("detail", "detail", 10, 9, left=True, flex=True),
)


class ErrorsView(View):
    """Counts by kind, failures over time, the retry policy, the latest samples."""

    view_name = "errors"
    title = "Errors"
    help = (
        "Outcomes of invocations by kind; rejected: an open circuit breaker kept it back.\n"
        "×: attempts per invocation. refused: retries that the budget or a breaker forbade.\n"
        f"retried {_MEDIAN} beside attempt {_MEDIAN}: what waiting and trying again cost. "
        "Below, failed attempts as they came; Enter shows one whole, / filters."
    )
    filters = True
    DEFAULT_CSS = """
    ErrorsView #kinds { max-height: 40%; }
    ErrorsView #failures { height: 1fr; }
    ErrorsView #samples { height: 1fr; min-height: 5; }
    .short ErrorsView #failures { display: none; }
    """

    def compose(self) -> ComposeResult:
        """From top to bottom: counts by kind, the policy, failures over time, samples."""
        yield self.variant_grid(COLUMNS, id="kinds", title="outcomes")
        yield TextLines(id="policy", rows=2)
        yield panel(Chart(id="failures"))
        yield panel(
            Grid(
                SAMPLE_COLUMNS,
                id="samples",
                title="failed attempts",
                follow=True,
                empty="none has failed",
            )
        )

    def show(self, state: ViewState) -> None:
        """Draw table, policy and samples and, when due, the chart."""
        rows = [_row(state, name, window) for name, window in state.windows.items()]
        self.query_one("#kinds", Grid).show(rows, state.window_name)
        self.query_one("#policy", TextLines).show(policy_lines(state))
        if self.is_new("samples", (state.snapshot.samples, state.filter)):
            samples = [s for s in state.snapshot.samples if _matches(s, state.filter)]
            self.query_one("#samples", Grid).show(
                [_sample_row(number, sample) for number, sample in enumerate(samples)],
                _sample_note(state, len(samples)),
            )
        chart = self.query_one("#failures", Chart)
        if self.is_due(state, chart):
            width = chart.size.width - GUTTER
            chart.show(over_time(state, FAILED, width, title="failed invocations", chosen=False))

    def on_row_chosen(self, message: RowChosen) -> None:
        """Enter on a failed attempt shows it whole."""
        message.stop()
        if message.grid == "samples":
            self.open_row(self.query_one("#samples", Grid), message.row)


def _sample_note(state: ViewState, shown: int) -> str:
    kept = len(state.snapshot.samples)
    note = f"the latest {kept} that were kept, newest last" if kept else ""
    return f"{shown} match '{state.filter}' of {note}" if state.filter else note


def policy_lines(state: ViewState) -> list[list[tuple[str, Tone]]]:
    """The policy and what guards it; where these are factors, of the variant under the cursor."""
    profile, chosen = state.profile, state.totals.get(state.selected or "")
    variants = profile.variants if chosen is None else (chosen.variant,)
    client = profile.client_of(variants[0])
    told = variants[0].differ & {"retry", "breaker"}
    name = [(f"{short_name(variants[0])}  ", Tone.STRONG)] if told else []
    return [name + policy_words(client.retry), guard_words(client, state.snapshot)]


def policy_words(retry: RetrySpec) -> list[tuple[str, Tone]]:
    """The retry policy in words: what is tried again, how often, after how long."""
    if not retry.retries:
        counts = "the first answer counts" if retry.hedge is None else "the first good one counts"
        return [("Retries  ", Tone.DIM), (f"none: {counts}{bound_words(retry)}", Tone.TEXT)]
    kinds = ", ".join(_WORDS.get(o, o.name.lower()) for o in sorted(retry.on))
    header = SDK_RETRY_AFTER_HEADER if retry.policy.facts.is_of_sdk else RETRY_AFTER_HEADER
    hint = f"; {header} is honoured" if retry.honour_retry_after else ""
    delays = f", base {write_duration(retry.base_ns)}, cap {write_duration(retry.cap_ns)}"
    if retry.policy.facts.delays is not None:
        delays = ", delays as in the SDK"
    if retry.policy.facts.limit is not None:
        delays += ", its own rate limited after a throttle"
    most = f"at most {retry.max_attempts} attempts{bound_words(retry)}"
    text = f"{retry.called}, {most}{delays}{hint}; on {kinds}"
    return [("Retries  ", Tone.DIM), (text, Tone.TEXT)]


def guard_words(client: Client, snapshot: Snapshot) -> list[tuple[str, Tone]]:
    """What keeps retries and calls back: the budget, the circuit breaker and where it is open."""
    return [
        ("Budget   ", Tone.DIM),
        (client.retry.budget_words, Tone.TEXT),
        ("   Breaker  ", Tone.DIM),
        *_breaker_words(client.breaker, open_breakers(snapshot)),
    ]


def _breaker_words(spec: BreakerSpec | None, opened: Mapping[str, int]) -> list[tuple[str, Tone]]:
    if spec is None:
        return [("none", Tone.TEXT)]
    rule = f"opens at {spec.error_rate:.0%} failed in {write_duration(spec.window_ns)}"
    if not opened:
        return [(f"closed; {rule}", Tone.TEXT)]
    where = ", ".join(f"{name} in {_workers(count)}" for name, count in opened.items())
    return [(f"OPEN: {where}", Tone.BAD), (f"; {rule}", Tone.TEXT)]


def _workers(number: int) -> str:
    return "1 worker" if number == 1 else f"{number} workers"


def open_breakers(snapshot: Snapshot) -> dict[str, int]:
    """In how many workers the breaker of a variant is open.

    As the workers say; a recording has none, but all of the run's events.
    """
    if snapshot.workers:
        opened = (index for w in snapshot.workers if w.alive for index in w.open_breakers)
        return dict(Counter(snapshot.windows[index].variant.name for index in opened))
    found: dict[str, int] = {}
    for event in snapshot.events:
        if event.kind in (BREAKER_OPEN, BREAKER_CLOSED):
            name = str(event.fields["variant"])
            found[name] = found.get(name, 0) + (1 if event.kind == BREAKER_OPEN else -1)
    return {name: number for name, number in found.items() if number > 0}


def _row(state: ViewState, name: str, window: Window) -> Row:
    tally = window.tally
    amplification = tally.retry_amplification
    whole = tally.ok == tally.finished
    cells = {
        **variant_cells(state, name),
        "ok": Cell(
            percentage(tally.ok, tally.finished),
            tally.ok / tally.finished if tally.finished else "",
            Tone.TEXT if whole else Tone.WARN,
        ),
        "failed": count_cell(tally.failed, Tone.BAD),
        "attempts": Cell(count(tally.attempts), tally.attempts),
        "retries": count_cell(tally.retries, Tone.WARN),
        "amplification": Cell(
            UNKNOWN if amplification is None else f"{amplification:.3f}", amplification or ""
        ),
        "refused": count_cell(tally.retries_refused, Tone.WARN),
        "r50": quantile_cell(window.retried.at(MEDIAN)),
        "a50": quantile_cell(window.measure(Measure.ATTEMPT).at(MEDIAN)),
    }
    for outcome in _WORDS:
        cells[outcome.name] = count_cell(tally.outcomes[outcome], Tone.BAD)
    return Row(name, cells)


def _sample_row(number: int, sample: Sample) -> Row:
    return Row(
        f"{sample.t_ns}-{sample.request_id or number}-{sample.attempt}",
        {
            "at": Cell(f"{sample.t_ns / NS_PER_S:.2f}", sample.t_ns),
            "variant": Cell(sample.variant, sample.variant),
            "outcome": Cell(outcome_name(sample.outcome), sample.outcome.name, Tone.BAD),
            "status": Cell(str(sample.status or UNKNOWN), sample.status or ""),
            "try": Cell(str(sample.attempt), sample.attempt),
            "request": Cell(sample.request_id or UNKNOWN, sample.request_id),
            "detail": Cell(sample.detail, sample.detail, Tone.DIM),
        },
    )


def outcome_name(outcome: Outcome) -> str:
    """As samples and filters have it: `connect error`."""
    return outcome.name.lower().replace("_", " ")


def _matches(sample: Sample, wanted: str) -> bool:
    text = (
        f"{sample.variant} {outcome_name(sample.outcome)} {sample.status} {sample.request_id}"
        f" {sample.detail}"
    )
    return wanted.lower() in text.lower()
