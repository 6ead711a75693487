"""The profiles that come with the package: in a checkout beside it, installed within it."""

from __future__ import annotations

from pathlib import Path

import bench

_PACKAGE = Path(bench.__file__).parent
FOLDERS = (_PACKAGE / "profiles", _PACKAGE.parent / "profiles")


def shipped_profiles() -> list[Path]:
    """Their files, by name; [] where neither checkout nor package has them."""
    for folder in FOLDERS:
        found = sorted(folder.glob("*.toml"))
        if found:
            return found
    return []


def shipped_profile(name: str) -> Path | None:
    """The file of a shipped profile by its name, with or without `.toml`; None if there is none."""
    wanted = name.removesuffix(".toml")
    return next((path for path in shipped_profiles() if path.stem == wanted), None)
