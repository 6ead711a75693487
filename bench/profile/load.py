"""How the load comes, phases apart: [load]."""

from __future__ import annotations

from bench.model.profile import Arrivals, LoadSpec, OnNodeLoss, Order, Pacing, Scheduling
from bench.schema.key import Key
from bench.schema.quantities import duration
from bench.schema.section import Section
from bench.schema.values import choice, whole
from bench.units import MAX_CALLERS

MAX_SEGMENTS = 65_535
"""The segment's number has 16 bits in a recorded row."""
_DEFAULT = LoadSpec()
LOAD = Section(
    "load",
    (
        Key(
            "arrivals",
            '`"poisson"`: gaps by chance, as from many independent callers; `"even"`',
            choice(Arrivals),
            _DEFAULT.arrivals,
        ),
        Key(
            "order",
            '`"interleaved"`: in each round every variant once, shuffled; `"sequential"`: one '
            'after another; `"together"`: all at once, each with the full rate and equal arrivals',
            choice(Order),
            _DEFAULT.order,
        ),
        Key(
            "rounds",
            "how often each variant's phases are run",
            whole(1, MAX_SEGMENTS),
            _DEFAULT.rounds,
        ),
        Key(
            "seed",
            "of arrivals, order, events and jitter: the same seed, the same run",
            whole(-(2**63), 2**63 - 1),
            _DEFAULT.seed,
        ),
        Key(
            "in_flight",
            "invocations under way at once, over all workers; an arrival beyond that is dropped "
            "and counted",
            whole(1, MAX_CALLERS),
            _DEFAULT.in_flight,
        ),
        Key(
            "callers",
            "makes it a closed loop: so many callers, each waiting for its answer",
            whole(1, MAX_CALLERS),
            _DEFAULT.callers,
        ),
        Key(
            "think",
            "pause of each caller between answer and next call",
            duration,
            _DEFAULT.think_ns,
            fills="think_ns",
            of=lambda load: load.think_ns or None,
        ),
        Key(
            "workers",
            "engine processes; in an open loop no more than `in_flight`",
            whole(1, 256),
            _DEFAULT.workers,
            cell="cores less one, at least one",
        ),
        Key(
            "scheduling",
            'of the workers: `"auto"` is real-time where the system grants it, `"realtime"` '
            'refuses to start where not, `"normal"` asks for nothing',
            choice(Scheduling),
            _DEFAULT.scheduling,
        ),
        Key(
            "pacing",
            '`"precise"`: workers prepare arrivals before they are due and wait for them actively, '
            "so that all leave at their instant; costs up to a core for each worker. On Linux",
            choice(Pacing),
            _DEFAULT.pacing,
        ),
        Key(
            "on_node_loss",
            '`"continue"`: when a machine of a fleet is lost the others go on with their shares; '
            '`"stop"`: the run drains',
            choice(OnNodeLoss),
            _DEFAULT.on_node_loss,
        ),
        Key(
            "direct_nodes",
            "machines of a fleet that report to the coordinator directly; of a larger one, one in "
            "32 adds up on the way what they report",
            whole(1, 4096),
            _DEFAULT.direct_nodes,
        ),
    ),
)
