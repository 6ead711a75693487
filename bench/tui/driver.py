"""The terminal as Textual drives it, with the size of what it draws on.

Textual draws on stderr and asks stdout for its size: with results redirected to a file it would
take 80 × 24 for granted.
"""

from __future__ import annotations

import os

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

_STDERR = 2


class StderrDriver(LinuxDriver):
    """Asks the terminal behind stderr for its size."""

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(_STDERR)
        except OSError:
            return super()._get_terminal_size()
        return (width, height) if width and height else super()._get_terminal_size()


def fitting(driver: type[Driver]) -> type[Driver]:
    """Ours in the place of Textual's own for terminals; any other (a browser's) as it is."""
    return StderrDriver if driver is LinuxDriver else driver
