"""What the header of a run's screen says, beside the snapshot itself: a held view, a broken load,
how far a recording is behind the run that it follows.
"""

from __future__ import annotations

from dataclasses import replace

from bench.model.live import RunState, Snapshot
from bench.tui.run_model import RunModel
from bench.tui.source import Playback
from bench.tui.state import is_closed
from bench.tui.widgets.status import StatusData

_BEHIND_HELD = {RunState.HOLDING: "the load too", RunState.DRAINING: "the run is draining"}
"""What goes on behind a view that is held, where it is not the load."""


def status_data(run: RunModel, snapshot: Snapshot) -> StatusData:
    """The latest snapshot as the header shows it, also while the view is held."""
    playback, profile = run.playback, run.source.profile
    if playback is not None and playback.is_running:
        snapshot = replace(snapshot, title=f"{_place(playback)}  {snapshot.title}")
    return StatusData(
        snapshot,
        limit_usd=profile.max_spend_usd,
        notice=_notice(run, snapshot),
        is_playback=playback is not None and not playback.is_running,
        closed=is_closed(profile),
    )


def _place(playback: Playback) -> str:
    """Of a run that another process drives: whether this is its newest second."""
    return "FOLLOWING" if playback.position_s >= playback.end_s else "BEHIND"


def _notice(run: RunModel, snapshot: Snapshot) -> str:
    if run.failure:
        return f"THE LOAD BROKE: {run.failure}; its results so far are kept"
    if not run.is_held:
        return ""
    goes_on = _BEHIND_HELD.get(snapshot.state, "the load goes on")
    behind = "the run has ended" if run.is_over else goes_on
    return f"VIEW HELD, {behind}; space lets it go"
