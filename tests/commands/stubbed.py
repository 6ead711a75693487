"""Commands that would run something, without the run: what they would have run is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.commands import run as run_verb
from bench.errors import ExitCode
from bench.model.profile import Profile

_OF_AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION")


def stub_runs(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[Profile]:
    """In a folder that is the home too, with nothing known of AWS. What comes to be run, as it
    comes."""
    profiles: list[Profile] = []

    async def instead(setup: run_verb.RunSetup, *_: object, **__: object) -> None:
        profiles.append(setup.profile)

    for variable in _OF_AWS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(run_verb, "_run_headless", instead)
    monkeypatch.setattr(run_verb, "conclude", lambda *_, **__: ExitCode.OK)
    monkeypatch.setattr(run_verb, "can_show_tui", lambda: False)
    monkeypatch.chdir(folder)
    return profiles
