"""The shelf of seconds that are over."""

from __future__ import annotations

import threading

import pytest

from bench.record.interval_store import IntervalStore


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_any_thread_can_be_the_last_to_hold_it() -> None:
    held = [IntervalStore()]
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()
    assert not held
