"""What a run's manifest says of the machines of its fleet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.load.node_files import Shipment
from bench.load.remote_node import RemoteNode
from bench.model.times import NS_PER_S


def node_entry(node: RemoteNode, own: Sequence[int], start_ns: int) -> dict[str, Any]:
    """A node with its workers, by number. start_ns: zero of the run."""
    return {
        "name": node.name,
        "cores": node.host.cores,
        "workers": list(own),
        "lost": node.lost_words or None,
        "clock": clock_entry(node, start_ns),
        "wall_clock_ahead_s": node.greeting.wall_ahead_s,
    }


def shipment_entry(file: Shipment) -> dict[str, Any]:
    """A file that the nodes were sent, without what is in it."""
    return {"path": file.path, "sha256": file.sha256, "bytes": len(file.content)}


def clock_entry(node: RemoteNode, start_ns: int) -> dict[str, Any]:
    """What the manifest says of a node's clock. start_ns: zero of the run."""
    found = node.clock()
    used_ns = node.host.clock_offset_ns
    return {
        "offset_ns": used_ns,
        "uncertainty_ns": node.host.clock_uncertainty_ns,
        "fitted_offset_ns": found.offset_ns(start_ns),
        "fitted_uncertainty_ns": found.uncertainty_ns(start_ns),
        "start_error_ns": used_ns - found.offset_ns(start_ns),
        "corrected_ns": node.zero_later_ns,
        "drift_ppm": round(found.drift_ppm, 3),
        "drift_low_ppm": _finite(found.drift_low_ppm),
        "drift_high_ppm": _finite(found.drift_high_ppm),
        "readings": [
            [one.at_ns - start_ns, one.offset_ns, one.uncertainty_ns] for one in found.readings
        ],
    }


def _finite(value: float) -> float | None:
    return round(value, 3) if abs(value) < NS_PER_S else None
