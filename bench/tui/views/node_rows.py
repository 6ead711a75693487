"""The machines of a fleet as rows of a table: how each fares, and what became of those lost."""

from __future__ import annotations

from bench.format import UNKNOWN, count, duration_text, rate
from bench.model.live import NodeHealth
from bench.record.evidence import CPU_BUSY
from bench.tui.palette import Tone
from bench.tui.widgets.columns import Cell, Column, Row

NODE_COLUMNS = (
    Column("node", "node", 22, left=True),
    Column("state", "state", 5, left=True),
    Column("rate", "sent/s", 9, falls=True),
    Column("lag", "lag p99", 9, falls=True),
    Column("read-lag", "read lag p99", 12, falls=True),
    Column("cpu", "CPU %", 5, falls=True),
    Column("offset", "clock", 11, falls=True),
    Column("unsure", "±", 9, falls=True),
    Column("unsent", "not sent", 9, falls=True),
)
NODE_NOTE = "latest second; CPU of all its cores; clock against this one's"


def node_row(node: NodeHealth) -> Row:
    """The figures of one machine."""
    return Row(
        node.name,
        {
            "node": Cell(node.name, node.name, Tone.STRONG),
            "state": Cell("alive", "alive") if node.alive else Cell("LOST", "lost", Tone.BAD),
            "rate": Cell(rate(node.sent_rps), node.sent_rps),
            "lag": _span(node.send_lag_p99_ns),
            "read-lag": _span(node.read_lag_p99_ns),
            "cpu": _cpu(node.cpu),
            "offset": _offset(node.clock_offset_ns),
            "unsure": _span(node.clock_uncertainty_ns),
            "unsent": Cell(count(node.unsent), node.unsent, Tone.BAD if node.unsent else Tone.TEXT),
        },
    )


def _span(span_ns: int | None) -> Cell:
    if span_ns is None:
        return Cell(UNKNOWN, -1.0, Tone.DIM)
    return Cell(duration_text(span_ns), span_ns)


def _offset(offset_ns: int) -> Cell:
    sign = "-" if offset_ns < 0 else "+"
    return Cell(f"{sign}{duration_text(abs(offset_ns))}", offset_ns)


def _cpu(share: float | None) -> Cell:
    if share is None:
        return Cell(UNKNOWN, -1.0, Tone.DIM)
    return Cell(f"{share * 100:.0f}", share, Tone.BAD if share >= CPU_BUSY else Tone.TEXT)
