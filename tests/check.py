"""The one command before a commit, and CI's: `python -m tests.check`, with --fix to format first.

--long runs the tests that are marked so as well: clusters of several machines, runs of every
shipped profile, and growth over hours.

Formatting, lint, types and import contracts take what the tests leave of the machine: many of those
wait, and those that measure have the cores when they want them. Every step runs, whatever another
one said.
--fix also writes what is made from declarations: the tables of keys, the JSON Schema, and the
arrivals of a new profile.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
STEPS = {
    "format": [sys.executable, "-m", "ruff", "format", "--check", "."],
    "lint": [sys.executable, "-m", "ruff", "check", "."],
    "types": [sys.executable, "-m", "mypy"],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
}
TESTS = [sys.executable, "-m", "pytest", "-n", "4"]
"""More workers than a usual machine's two cores: many tests wait."""
FIXES = (
    [sys.executable, "-m", "tests.repo.key_tables", "--fix"],
    [sys.executable, "-m", "tests.load.test_shipped_arrivals"],
    [sys.executable, "-m", "ruff", "format", "."],
    [sys.executable, "-m", "ruff", "check", "--fix", "."],
)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--fix"], ["--long"]):
        sys.exit(f"usage: python -m tests.check [--fix | --long] (it got {' '.join(arguments)})")
    if arguments == ["--fix"]:
        for fix in FIXES:
            subprocess.run(fix, cwd=ROOT, check=False)
    with ThreadPoolExecutor() as pool:
        good = pool.map(passes, STEPS, STEPS.values())
        chosen = [] if arguments == ["--long"] else ["-m", "not long"]
        tested = passes("tests", [*TESTS, *chosen], told_live=True)
    failed = [name for name, is_good in zip(STEPS, good, strict=True) if not is_good]
    if not tested:
        failed.append("tests")
    print(f"FAILED: {', '.join(failed)}" if failed else "All good.")
    return 1 if failed else 0


def passes(name: str, command: list[str], told_live: bool = False) -> bool:
    """Run a step and tell of it: what it prints as it comes, or in one piece at its end.

    What is told live goes first at the cores.
    """
    start = monotonic()
    done = subprocess.run(
        command if told_live else ["nice", "-n", "19", *command],
        cwd=ROOT,
        check=False,
        capture_output=not told_live,
        text=True,
        errors="replace",
    )
    end = "ok" if done.returncode == 0 else f"exit {done.returncode}"
    said = "" if told_live else f"{done.stdout}{done.stderr}"
    print(f"{said}--- {name}: {end} in {monotonic() - start:.0f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
