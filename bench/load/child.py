"""What every child process of ours needs to find this package."""

from __future__ import annotations

import os
from pathlib import Path

import bench


def package_root() -> str:
    """PYTHONPATH for a child of ours, so that it finds this very package, installed or not."""
    root = str(Path(bench.__file__).parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    return f"{root}{os.pathsep}{inherited}" if inherited else root
