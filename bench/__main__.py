"""`lamload` and `python -m bench`.

Nothing but what Python has loaded anyway is imported before the signals are heard: whatever comes
earlier in the life of the process ends it with a signal's number and not with an exit code.
"""

import signal

_CODE_OF_INTERRUPTED = 130
_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_is_over = False
"""True once the exit code stands: a signal has nothing left to end."""


def _interrupt(_number: int, _frame: object) -> None:
    if not _is_over:
        raise KeyboardInterrupt


def main() -> None:
    """Run the command line and exit with its code."""
    global _is_over
    code = _CODE_OF_INTERRUPTED
    try:
        _hear()
        code = _run()
    except KeyboardInterrupt:
        pass
    finally:
        _is_over = True
    try:
        _ignore()
    except KeyboardInterrupt:  # a Ctrl-C in the moment before, by Python's own handler
        _ignore()
    # An interrupt within the exec of a text, as dataclasses do it, is remembered by Python although
    # it was caught, and ends the process with SIGINT at its exit; another exec makes it forget.
    exec("")
    raise SystemExit(code)


def _hear() -> None:
    """SIGTERM and SIGHUP end the command as Ctrl-C does, undoing what was done."""
    for number in _NUMBERS[1:]:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt)


def _ignore() -> None:
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)


def _run() -> int:
    import os
    import sys

    # numpy's would start a thread for each core, and where it may not it raises SIGINT.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from bench.cli import lost_output, run_command
    from bench.output import streams

    streams.install()
    code = run_command(sys.argv[1:])
    lost = streams.close()
    return lost_output(lost) if lost is not None and not code else code


if __name__ == "__main__":
    main()
