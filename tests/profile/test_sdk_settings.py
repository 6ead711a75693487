"""policy = "aws-env": what AWS's variables and configuration file say, as botocore finds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.args import ClientArgsCreator
from botocore.config import Config
from botocore.session import Session

from bench.commands.support.plan_words import retry_lines
from bench.load.manifest import manifest
from bench.model.retry import RETRY_POLICIES, RetryPolicyName
from bench.profile import load_profile
from bench.profile.dump import resolved_toml
from tests.profile.write import MINIMAL, load, mistakes

ENV = MINIMAL + '[retry]\npolicy = "aws-env"\n'
VARIABLES = ("AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
FILE = """
[default]
retry_mode = adaptive
max_attempts = 7

[profile old]
retry_mode = legacy

[profile bad]
retry_mode = eager
max_attempts = many
"""


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


def botocores() -> tuple[str, int]:
    """Mode and attempts that a client of botocore's would have here. Raises what it raises."""
    creator = ClientArgsCreator.__new__(ClientArgsCreator)
    creator._config_store = Session().get_component("config_store")
    found: dict[str, Any] = {}
    creator._compute_retry_config(found)
    Config(retries=found["retries"])
    mode = found["retries"]["mode"]
    usual = {"legacy": 5}.get(mode, 3)
    return mode, found["retries"].get("total_max_attempts", usual)


ATTEMPTS = (None, "1", "4", "0", "-2", "", "many", "2.5")
MODES = (None, "legacy", "standard", "adaptive", "", "Standard", "eager")


@pytest.mark.parametrize("profile", [None, "", "old"], ids=["no file", "default", "old"])
@pytest.mark.parametrize(
    ("mode", "attempts"),
    [*((mode, None) for mode in MODES), *(("adaptive", attempts) for attempts in ATTEMPTS[1:])],
)
def test_it_is_what_botocore_finds_or_refuses(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    profile: str | None,
    mode: str | None,
    attempts: str | None,
) -> None:
    """profile: of the configuration file, '' for the default one, None without the file."""
    if profile is not None:
        (tmp_path / "config").write_text(FILE, "utf-8")
    for name, value in zip(VARIABLES, (mode, attempts, profile or None), strict=False):
        if value is not None:
            monkeypatch.setenv(name, value)
    try:
        wanted = botocores()
    except Exception:  # noqa: BLE001 - of many kinds
        assert any("retry.policy is aws-env, but" in line for line in mistakes(tmp_path, ENV))
        return
    retry = load(tmp_path, ENV).retry
    assert (retry.policy.facts.sdk_mode, retry.max_attempts) == wanted


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "aws-standard-2026 (aws-env: nothing says otherwise), at most 3 attempts"),
        ({"AWS_RETRY_MODE": "legacy"}, "aws-legacy (aws-env: AWS_RETRY_MODE), at most 5 attempts"),
        (
            {"AWS_RETRY_MODE": "adaptive", "AWS_MAX_ATTEMPTS": "4"},
            "aws-adaptive (aws-env: AWS_RETRY_MODE and AWS_MAX_ATTEMPTS), at most 4 attempts",
        ),
    ],
)
def test_plan_and_manifest_say_what_it_came_to_and_where_that_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environ: dict[str, str], said: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    profile = load(tmp_path, ENV)
    (line,) = retry_lines(profile)
    assert line.startswith(said)
    told = manifest(profile, [], [], [])["retry"]
    assert f"{told['policy']} ({told['found_in']}), at most {told['max_attempts']}" in said


def test_what_the_profile_says_of_attempts_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "4")
    assert load(tmp_path, ENV + "max_attempts = 2\n").retry.max_attempts == 2


def test_a_mistake_in_the_file_is_told_with_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(FILE, "utf-8")
    monkeypatch.setenv("AWS_PROFILE", "bad")
    assert mistakes(tmp_path, ENV) == [
        "retry.policy is aws-env, but retry_mode in AWS's configuration file must be one of "
        '"legacy", "standard", "adaptive" (it is "eager")',
        "retry.policy is aws-env, but max_attempts in AWS's configuration file must be a whole "
        'number from 1 to 100 (it is "many")',
    ]


def test_as_a_level_it_keeps_its_name_and_runs_again_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = MINIMAL.replace("= 128", '= 128\nretry = ["aws-env", "aws-legacy"]')
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    profile = load(tmp_path, text)
    assert [variant.name for variant in profile.variants] == [
        "invoke-128MB-aws-env",
        "invoke-128MB-aws-legacy",
    ]
    client = profile.client_of(profile.variants[0])
    assert client.retry.policy is RetryPolicyName.AWS_ADAPTIVE
    (tmp_path / "again.toml").write_text(resolved_toml(profile), "utf-8")
    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    again = load_profile(tmp_path / "again.toml")
    assert replace(again, source=profile.source) == profile


def test_a_table_of_its_name_may_say_what_it_came_to_and_nothing_else(tmp_path: Path) -> None:
    text = MINIMAL.replace("= 128", '= 128\nretry = ["aws-env", "none"]')
    own = text + '[retries.aws-env]\npolicy = "{}"\n'
    load(tmp_path, own.format("aws-adaptive"))
    assert "call it otherwise" in mistakes(tmp_path, own.format("fixed"))[0]


def test_every_mode_of_the_sdks_is_a_policy() -> None:
    modes = {facts.sdk_mode for facts in RETRY_POLICIES.values()}
    assert modes == {None, "legacy", "standard", "adaptive"}
