"""The one command before a commit, and CI's: `python -m tests.check`, with --fix to format first.

Formatting, lint, types, import contracts, tests. Every step runs, whatever the one before it said.
--fix also writes what is made from declarations: the tables of keys, the JSON Schema, and the
arrivals of a new profile.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
STEPS = {
    "format": [sys.executable, "-m", "ruff", "format", "--check", "."],
    "lint": [sys.executable, "-m", "ruff", "check", "."],
    "types": [sys.executable, "-m", "mypy"],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
    "tests": [sys.executable, "-m", "pytest", "-n", "2"],
}
FIXES = (
    [sys.executable, "-m", "tests.repo.key_tables", "--fix"],
    [sys.executable, "-m", "tests.load.test_shipped_arrivals"],
    [sys.executable, "-m", "ruff", "format", "."],
    [sys.executable, "-m", "ruff", "check", "--fix", "."],
)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--fix"]):
        sys.exit(f"usage: python -m tests.check [--fix] (it got {' '.join(arguments)})")
    if arguments:
        for fix in FIXES:
            subprocess.run(fix, cwd=ROOT, check=False)
    failed = [name for name, command in STEPS.items() if not passes(name, command)]
    print(f"FAILED: {', '.join(failed)}" if failed else "All good.")
    return 1 if failed else 0


def passes(name: str, command: list[str]) -> bool:
    print(f"--- {name}", flush=True)
    start = monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    print(f"--- {name}: {'ok' if code == 0 else f'exit {code}'} in {monotonic() - start:.0f} s")
    return code == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
