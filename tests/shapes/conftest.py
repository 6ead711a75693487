"""Property tests without a deadline: a shared machine's pauses are no failure."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("calm", deadline=None, max_examples=50)
settings.load_profile("calm")
