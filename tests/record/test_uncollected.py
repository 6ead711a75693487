"""The collector rests while much is read, and no longer."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from bench.record.uncollected import uncollected


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.enable()


def test_the_collector_rests_within_and_goes_on_afterwards_whatever_happens() -> None:
    with pytest.raises(ValueError, match="damaged"), uncollected():
        assert not gc.isenabled()
        raise ValueError("damaged")
    assert gc.isenabled()


def test_one_that_was_off_stays_so() -> None:
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()
