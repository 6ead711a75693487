"""What an error is called in the line that a user reads."""

from __future__ import annotations

import errno
import os

import pytest

from bench.errors import cause_of


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "a.toml"), "Permission denied"),
        (OSError("cannot read from timed out object"), "cannot read from timed out object"),
        (ValueError("embedded null byte"), "embedded null byte"),
    ],
)
def test_a_cause_is_the_systems_word_or_the_errors_own(error: Exception, words: str) -> None:
    assert cause_of(error) == words
