"""A function on AWS as a target: what AWS says of it goes into the profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.aws import api
from bench.commands.support.target import profile_of
from bench.errors import TargetError
from bench.model.profile import Architecture
from tests.aws.fake_aws import ARN, KEYS, FakeAws


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    fake = FakeAws(tmp_path, memory_mb=640, architecture="arm64")
    monkeypatch.setattr(api, "LambdaApi", lambda *_, **__: fake.api())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS.secret_key)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return fake


@pytest.mark.parametrize("named", [(None, {"--function": ["primes"]}), (ARN, {})])
def test_it_is_measured_as_it_is(
    named: tuple[str | None, dict[str, list[str]]], aws: FakeAws
) -> None:
    target, options = named
    profile = profile_of(target, (), options).profile
    (variant,) = profile.variants
    assert (variant.memory_mb, variant.architecture) == (640, Architecture.ARM64)
    assert profile.target.qualifier == "$LATEST"
    assert aws.calls == [], "nothing is changed to find that out"


def test_sizes_that_are_asked_for_are_of_its_architecture(aws: FakeAws) -> None:
    profile = profile_of(ARN, (), {"--memory": ["128,512"]}).profile
    assert {v.architecture for v in profile.variants} == {Architecture.ARM64}
    assert profile.target.qualifier is None and aws.calls == []


@pytest.mark.usefixtures("aws")
def test_one_that_is_not_there_is_told_with_a_way_on() -> None:
    with pytest.raises(TargetError, match=r"must be a function on AWS: .*`lamload quickstart`"):
        profile_of("no-such-function", (), {})


@pytest.mark.usefixtures("aws")
def test_a_mistake_is_told_before_aws_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "LambdaApi", None)
    with pytest.raises(Exception, match="--rate: must be a rate"):
        profile_of(ARN, (), {"--rate": ["fast"]})
