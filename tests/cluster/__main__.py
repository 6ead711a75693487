"""`python -m tests.cluster`: faults at random moments, one line each; 1 where anything is wrong."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections import Counter
from itertools import product
from pathlib import Path

from tests.cluster.faults import FAULTS
from tests.cluster.machines import Clocks, NotInTime, cluster
from tests.cluster.trial import try_fault

HOUR_S = 3600
CLOCKS = (
    *(Clocks(3 * HOUR_S, 200.0), Clocks(7 * HOUR_S, -200.0)),
    *(Clocks(), Clocks(11 * HOUR_S, 100.0, wall_ahead_s=2 * HOUR_S)),
)


def main() -> int:
    """Try them and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="moments of each fault")
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--only", default="", help=f"comma list: {','.join(FAULTS)}")
    parser.add_argument("--nodes", type=int, choices=range(2, len(CLOCKS) + 1), default=2)
    parser.add_argument("--keep", type=Path, help="folder for the runs and logs; a new one")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # started in the background it may be told to ignore SIGINT, and all that it starts with it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = [name for name in options.only.split(",") if name] or list(FAULTS)
    with tempfile.TemporaryDirectory(prefix="lamload-cluster-") as folder:
        wrong = _try_all(wanted, options, options.keep or Path(folder))
    print(f"{wrong} trials went wrong")
    return int(wrong > 0)


def _try_all(wanted: list[str], options: argparse.Namespace, folder: Path) -> int:
    tried: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    busy: Counter[str] = Counter()
    for nanny in (False, True):
        own = [name for name in wanted if FAULTS[name].nanny is nanny]
        if not own:
            continue
        with cluster(folder / f"nanny-{nanny}", CLOCKS[: options.nodes], nanny=nanny) as made:
            is_new, is_wrong = True, False
            for seed, name in product(range(options.first, options.first + options.times), own):
                try:
                    if not is_new:
                        made.mend(wholly=is_wrong)
                    is_new, is_wrong = False, True
                    trial = try_fault(made, name, FAULTS[name], seed)
                except NotInTime as error:
                    print(f"{name} {seed}: did not begin: {error}", flush=True)
                else:
                    is_wrong = bool(trial.wrong)
                    busy[name] += bool(trial.late) and not is_wrong
                    print(trial.line(), flush=True)
                tried[name] += 1
                wrong[name] += is_wrong
    for name, number in tried.items():
        late = f", {busy[name]} late since this system was too busy" if busy[name] else ""
        print(f"{name:28} {number:4d} tried, {wrong[name]:4d} wrong{late}")
    return wrong.total()


if __name__ == "__main__":
    sys.exit(main())
