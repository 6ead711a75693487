"""What of a profile holds for the control plane too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.aws.api import SILENT_S
from bench.load.targets import aws
from bench.load.targets.open import open_target
from bench.model.profile import Connections, Timeouts
from bench.model.times import NS_PER_S
from bench.wire.httpx_transport import WireTransport
from tests.profile.write import load

PROFILE = (
    '[target]\nkind = "aws"\nfunction = "f"\nregion = "us-east-1"\n'
    '[[variants]]\nmemory_mb = 128\n[[phase]]\nrate = "1/s"\nduration = "1s"\n[timeout]\n'
)


class Opened(Exception):
    """Stands in for the control plane: all that is asked is how it would be reached."""


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ('connect = "3s"\nfirst_byte = "40s"\ntotal = "50s"', (3, 40, 50)),
        ('connect = "1s"\nfirst_byte = "2s"\ntotal = "2s"', (1, SILENT_S, SILENT_S)),
    ],
)
async def test_a_profiles_time_limits_hold_for_the_control_plane_which_gets_no_less_than_it_needs(
    limits: str, seconds: tuple[float, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def wire(timeouts: Timeouts, connections: Connections) -> WireTransport:
        given.append(timeouts)
        return WireTransport(timeouts, connections)

    def api(*_: object, timeouts: Timeouts, **__: object) -> None:
        given.append(timeouts)
        raise Opened

    monkeypatch.setattr(aws, "WireTransport", wire)
    monkeypatch.setattr(aws, "LambdaApi", api)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    profile = load(tmp_path, PROFILE + limits)
    with pytest.raises(Opened):
        await open_target(profile, Connections()).bind(profile.variants)
    assert [
        tuple(ns / NS_PER_S for ns in (one.connect_ns, one.first_byte_ns, one.total_ns))
        for one in given
    ] == [seconds, seconds]
