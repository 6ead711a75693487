"""`lamload` and `python -m bench`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from bench.cli import lost_output, run_command
    from bench.output import streams

    streams.install()
    code = run_command(sys.argv[1:])
    lost = streams.close()
    sys.exit(lost_output(lost) if lost is not None and not code else code)


if __name__ == "__main__":
    main()
