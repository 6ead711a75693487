"""What a headless run loads into memory, seen from inside one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SCRIPT = """
import sys
from bench.cli import run_command
code = run_command([
    "run", "quickstart", "--headless", "--quiet", "--allow-invalid", "--out", sys.argv[1],
    "--set", "variants=[{ memory_mb = 1769 }]", "--set", "load.rounds=1",
    "--set", "phase[0].duration=100ms", "--set", "phase[1].duration=400ms",
])
heavy = ("textual", "botocore", "aiohttp", "dask", "distributed")
loaded = sorted(name for name in heavy if name in sys.modules)
sys.exit(f"exit {code}, loaded {loaded}")
"""


def test_a_headless_run_loads_no_terminal_ui_and_no_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr.splitlines()[-1] == "exit 0, loaded []", done.stderr
