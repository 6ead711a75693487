"""What all tests need of the process that they run in, and how property tests draw."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

settings.register_profile("gate", deadline=None, max_examples=30, derandomize=True)
"""The same examples in every run, as a gate should have; and a machine's pauses are no failure."""
settings.register_profile(
    "fuzz", deadline=None, max_examples=int(os.environ.get("LAMLOAD_FUZZ", "50"))
)
"""New examples in every run, and more of them where a test names no number of its own."""


def pytest_configure() -> None:
    """Who starts the tests in the background may have signals ignored, which all would inherit."""
    settings.load_profile("fuzz" if "LAMLOAD_FUZZ" in os.environ else "gate")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
