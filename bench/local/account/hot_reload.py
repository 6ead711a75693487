"""Functions whose folder has changed get their new code with the next invocation.

A folder is looked at when the function is invoked, at most every LOOK_EVERY_NS. What others have
installed is passed over: it is large, and changes with the files beside it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.local.account.store import Store

LOOK_EVERY_NS = 50_000_000
PASSED_OVER = frozenset({".git", ".mypy_cache", ".venv", "__pycache__", "node_modules"})

Fingerprint = frozenset[tuple[str, int, int]]


class HotReload:
    """Watches the folders of functions. changed is told the name of one that has new code."""

    def __init__(
        self,
        store: Store,
        folders: Mapping[str, Path],
        changed: Callable[[str], None],
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._store = store
        self._folders = dict(folders)
        self._changed = changed
        self._clock_ns = clock_ns
        self._seen = {name: fingerprint(folder) for name, folder in folders.items()}
        self._looked_ns = dict.fromkeys(folders, clock_ns())

    def reload_if_changed(self, name: str) -> None:
        """Before an invocation of a function: have its new code taken, if there is some."""
        folder = self._folders.get(name)
        if folder is None or self._clock_ns() - self._looked_ns[name] < LOOK_EVERY_NS:
            return
        self._looked_ns[name] = self._clock_ns()
        now = fingerprint(folder)
        if now != self._seen[name]:
            self._seen[name] = now
            self._store.rebuild(name, str(folder))
            self._changed(name)


def fingerprint(folder: Path) -> Fingerprint:
    """Name, size and time of each file below a folder."""
    return frozenset(_files(folder))


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in PASSED_OVER]
        for name in names:
            try:
                status = Path(place, name).stat()
            except OSError:  # an editor's, gone already
                continue
            yield str(Path(place, name)), status.st_size, status.st_mtime_ns
