"""The machines of a fleet as rows: figures of those that live, and what a lost one left unsent."""

from __future__ import annotations

from bench.format import UNKNOWN
from bench.model.live import NodeHealth
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.tui.palette import Tone
from bench.tui.views.node_rows import NODE_COLUMNS, node_row


def texts(node: NodeHealth) -> dict[str, str]:
    return {key: cell.text for key, cell in node_row(node).cells.items()}


def test_a_node_tells_how_it_fares_and_how_its_clock_stands() -> None:
    node = NodeHealth(
        "tcp://10.0.0.2:4000",
        2,
        sent_rps=1234.0,
        send_lag_p99_ns=2 * NS_PER_MS,
        cpu=0.955,
        clock_offset_ns=-90 * NS_PER_S,
        clock_uncertainty_ns=NS_PER_MS // 2,
    )
    found = texts(node)
    assert set(found) == {column.key for column in NODE_COLUMNS}
    assert (found["state"], found["cpu"], found["lag"]) == ("alive", "96", "2.00 ms")
    assert (found["offset"], found["unsure"]) == ("-90.0 s", "0.500 ms")
    assert found["read-lag"] == UNKNOWN


def test_a_lost_node_stands_out_with_what_was_not_sent() -> None:
    row = node_row(NodeHealth("a", 1, alive=False, unsent=1200, words="node a is gone"))
    assert (row.cells["state"].text, row.cells["state"].tone) == ("LOST", Tone.BAD)
    assert (row.cells["unsent"].text, row.cells["unsent"].tone) == ("1,200", Tone.BAD)
