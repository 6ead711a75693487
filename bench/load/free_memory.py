"""Memory that nobody uses any more, given back to the system.

What a second needs comes and goes among what is kept, and leaves holes that glibc holds on to: some
megabytes in half an hour, which look as if the run had grown.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache


@cache
def _trim() -> Callable[[int], int] | None:
    """glibc's malloc_trim; None where the system's C library has none."""
    import ctypes

    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    return found


def give_back() -> None:
    """Whole pages that are free; takes milliseconds, tens in a large heap: no request waits."""
    trim = _trim()
    if trim is not None:
        trim(0)
