"""`lamload` and `python -m bench`."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command line and exit with its code."""
    # numpy's would start a thread for each core, and where it may not it raises SIGINT.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    code = 130
    try:
        _hear()
        code = _run()
    except KeyboardInterrupt:
        _hear_no_more()
    finally:
        _hear_no_more()
    sys.exit(code)


def _hear() -> None:
    """SIGTERM and SIGHUP end the command as Ctrl-C does, undoing what was done."""
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, _interrupt)


def _hear_no_more() -> None:
    """The code stands: there is nothing left that a signal could end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _run() -> int:
    from bench.cli import lost_output, run_command
    from bench.output import streams

    streams.install()
    code = run_command(sys.argv[1:])
    lost = streams.close()
    return lost_output(lost) if lost is not None and not code else code


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
