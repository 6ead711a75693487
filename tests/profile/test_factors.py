"""Factors of [[variants]] whose levels are names: what they become, and what is refused of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.aws.prices import usd_per_million
from bench.commands.support.plan_words import shared_words
from bench.commands.support.target import profile_of
from bench.errors import UsageError
from bench.format import size_name
from bench.load.targets.local import local_command
from bench.load.targets.open import open_target
from bench.model.profile import Client, Connections, Timeouts
from bench.model.retry import Hedge, RetryPolicyName
from bench.model.times import NS_PER_MS, NS_PER_S
from bench.profile import load_profile
from bench.profile.begin import Found
from bench.profile.dump import resolved_toml
from bench.profile.read import begun_profile
from bench.profile.target_word import TargetSort, TargetWord
from bench.stats.threshold_grammar import parse_slo
from tests.profile.write import MINIMAL, load, mistakes
from tests.wire.rawserver import answering, raw_server

NAMED = MINIMAL.replace(
    "memory_mb = 128",
    """memory_mb = 128
retry = ["default", "patient", "aws-standard-2026"]
timeout = ["default", "short"]
breaker = ["none", "strict"]""",
).replace(
    "[[phase]]",
    """
[retry]
policy = "full-jitter"
base = "70ms"
budget = "20%"

[retries.patient]
max_attempts = 9

[timeout]
connect = "2s"

[timeouts.short]
total = "3s"

[breakers.strict]
error_rate = "10%"

[[phase]]""",
)


def with_variants(text: str, extra: str = "") -> str:
    return MINIMAL.replace("memory_mb = 128", f"memory_mb = 128\n{text}") + extra


def test_every_combination_is_a_variant_that_is_called_by_its_own_settings(tmp_path: Path) -> None:
    profile = load(tmp_path, NAMED)
    assert len(profile.variants) == 3 * 2 * 2
    clients = {variant.name: profile.client_of(variant) for variant in profile.variants}
    plain = clients["invoke-128MB-none"]
    assert (plain.retry.policy, plain.retry.base_ns) == (
        RetryPolicyName.FULL_JITTER,
        70 * NS_PER_MS,
    )
    assert (plain.timeouts, plain.breaker) == (Timeouts(connect_ns=2 * NS_PER_S), None)
    strict = clients["invoke-128MB-patient-strict-short"]
    assert strict.retry == replace(plain.retry, max_attempts=9)
    assert strict.timeouts == Timeouts(2 * NS_PER_S, 3 * NS_PER_S, 3 * NS_PER_S)
    assert strict.breaker is not None
    assert strict.breaker.error_rate == pytest.approx(0.1)
    sdk = clients["invoke-128MB-aws-standard-2026-none"].retry
    assert (sdk.policy, sdk.max_attempts) == (RetryPolicyName.AWS_STANDARD_2026, 3)
    assert sdk.budget == plain.retry.budget


def test_deadline_and_hedge_are_a_variants_own_or_those_of_all(tmp_path: Path) -> None:
    text = with_variants(
        'retry = ["none", "aws-standard", "hedged"]',
        '[retry]\npolicy = "fixed"\ndeadline = "5s"\n[retries.hedged]\nhedge = "p90"\n',
    )
    none, standard, hedged = (client.retry for client in load(tmp_path, text).clients)
    assert [retry.deadline_ns for retry in (none, standard, hedged)] == [5 * NS_PER_S] * 3
    assert [retry.hedge for retry in (none, standard, hedged)] == [None, None, Hedge(None, 0.9)]
    assert (none.retries, hedged.policy) == (False, RetryPolicyName.FIXED)


def test_what_a_run_leaves_behind_is_the_same_profile(tmp_path: Path) -> None:
    profile = load(tmp_path, NAMED)
    (tmp_path / "again.toml").write_text(resolved_toml(profile), "utf-8")
    again = load_profile(tmp_path / "again.toml")
    assert replace(again, source=profile.source) == profile
    assert again.clients == profile.clients


def test_a_factor_that_does_not_differ_is_none(tmp_path: Path) -> None:
    profile = load(
        tmp_path,
        with_variants('retry = "patient"', '[retries.patient]\npolicy = "fixed"\n'),
    )
    assert [variant.name for variant in profile.variants] == ["invoke-128MB"]
    assert profile.retry.policy is RetryPolicyName.FIXED
    assert profile.clients == (Client(retry=profile.retry),)


def test_variants_are_told_apart_by_what_differs_and_by_nothing_else(tmp_path: Path) -> None:
    text = with_variants('retry = ["aws-standard", "default"]')
    assert [size_name(variant) for variant in load(tmp_path, text).variants] == [
        "aws-standard",
        "default retry",
    ]
    both = load(tmp_path, text.replace("128", "[128, 512]"))
    assert size_name(both.variants[0]) == "128 MB aws-standard"


def test_a_threshold_picks_by_a_level(tmp_path: Path) -> None:
    profile = load(tmp_path, NAMED + '[slo]\nx = "p99 of Patient < 1s"\n')
    threshold = parse_slo(profile.slos[0].text)
    assert sum(map(threshold.picks, profile.variants)) == 4


@pytest.mark.parametrize(
    ("text", "extra", "said"),
    [
        ('retry = ["pateint", "none"]', "[retries.patient]\n", "did you mean patient?"),
        ('timeout = ["short", "default"]', "", "add [timeouts.short]"),
        ('retry = "none"', "[retries.patient]\n", "retries.patient is used by no variant"),
        ('retry = ["none", "fixed"]', "[retries.fixed]\npolicy = 'none'\n", "call it otherwise"),
        ('breaker = ["none", "x"]', "[breakers]\nx = {}\nnone = {}\n", "means something already"),
        ('label = "new"', "", "variants[0].label is the same for every variant"),
        ('label = ["a b", "c", "d"]', "", "variants[0].label[0] must be a name of 40 letters"),
        (
            'retry = ["a", "b"]\nlabel = ["b", "a"]',
            "[retries.a]\n[retries.b]\n",
            None,
        ),
        (
            'retry = ["a", "default"]\nlabel = ["a", "b"]\n[[variants]]\nmemory_mb = 128\n'
            'label = "a"\nbreaker = "a"',
            "[retries.a]\n[breakers.a]\n",
            "makes a second invoke-128MB-a-a, beside variants[0]",
        ),
        ('event = ["small", "default"]', "", "add [events.small]"),
        ('event = ["a", "default"]', "[events.a]\n", "events.a needs one of event, event_file"),
        ('connections = ["close", "open"]', "", 'must be "keep-alive", "close", "http2" or'),
        (
            'connections = ["http2", "close"]',
            "",
            "http2 where nothing is called by https",
        ),
        ('function = ["primes", "nowhere"]', "", "variants[0].function[1] must be a folder"),
        ('runtime = ["python3.12", "cobol"]', "", "must be one of python3.x"),
        (
            'runtime = ["python3.12", "nodejs20.x"]',
            "",
            "variants[0].runtime cannot be nodejs20.x: primes has no handler",
        ),
        ('qualifier = ["1", "2"]', "", "has no meaning for a local target"),
        ('label = ["a", "a"]', "", 'label[1] repeats "a": leave it out'),
        ('retry = ["none", "fixed", "none"]', "", 'retry[2] repeats "none": leave it out'),
        ("event = []", "", "variants[0].event must not be an empty list"),
        (
            'initialization = ["on-demand", "default"]',
            "[[variants]]\nmemory_mb = 128\n",
            "variants[1] repeats invoke-128MB, which variants[0] has: leave one out",
        ),
        (
            'retry = ["x", "none"]',
            '[retries.x]\npolicy = "aws-standard"\nbase = "1s"\n',
            "retries.x.base is fixed by aws-standard",
        ),
        (
            'retry = ["x", "none"]',
            '[retries.x]\nhedge = "70s"\n[timeout]\ntotal = "60s"\n',
            "retries.x.hedge must be below the timeout of an attempt, 1m",
        ),
        (
            'retry = ["x", "none"]',
            '[retry]\nhedge = "2s"\n[retries.x]\ndeadline = "1s"\n',
            "retries.x.hedge must be below deadline, 1s, or none is ever sent (it is 2s)",
        ),
    ],
)
def test_what_has_no_meaning_is_refused_with_its_mend(
    tmp_path: Path, text: str, extra: str, said: str | None
) -> None:
    written = with_variants(text, extra)
    if said is None:
        assert len(load(tmp_path, written).variants) == 4
        return
    found = mistakes(tmp_path, written)
    assert len(found) == 1, found
    assert said in found[0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ('door = "alb"', 'faults[0].door names "alb", and no variant has that door'),
        ('door = ["invoke", "rets"]', "faults[0].door names"),
        ('function = "prime"', "there is primes; did you mean primes?"),
        ('qualifier = "512MB"', "there is 128MB"),
    ],
)
def test_a_fault_that_strikes_nobody_is_refused(tmp_path: Path, fault: str, said: str) -> None:
    table = '[[target.faults]]\nkind = "reset"\n'
    text = MINIMAL.replace("[[variants]]", f"{table}{fault}\n[[variants]]")
    (found,) = mistakes(tmp_path, text)
    assert said in found
    for good in ('door = "*"', 'function = "primes"', 'qualifier = ["128MB"]'):
        load(tmp_path, text.replace(fault, good))


@pytest.mark.parametrize("factor", ["function", "qualifier"])
def test_what_a_url_leads_to_nobody_can_choose(tmp_path: Path, factor: str) -> None:
    text = FUNCTIONS_ON_AWS % '"a", "b"'
    at_url = text.replace('"aws"\nfunction = "api"', '"http"\nurl = "http://127.0.0.1:1/"')
    lines = at_url.replace("memory_mb = 512\n", "").replace("function =", f"{factor} =")
    (found,) = mistakes(tmp_path, lines)
    assert f"variants[0].{factor} has no meaning for the endpoint http" in found


def test_many_variants_have_to_be_meant(tmp_path: Path) -> None:
    labels = ", ".join(f'"x{number}"' for number in range(201))
    text = with_variants(f"label = [{labels}]")
    (found,) = mistakes(tmp_path, text)
    assert "are 201, more than limits.max_variants = 200" in found
    assert "--yes" in found
    assert len(load(tmp_path, text, "limits.max_variants=201").variants) == 201


def test_a_product_that_no_memory_holds_is_refused_at_once(tmp_path: Path) -> None:
    names = ", ".join(f'"x{number}"' for number in range(150))
    text = with_variants(f"label = [{names}]\nretry = [{names}]\ntimeout = [{names}]")
    tables = "".join(f"[{kind}.x{n}]\n" for n in range(150) for kind in ("retries", "timeouts"))
    found = mistakes(tmp_path, text + tables, "limits.max_variants=1000")
    assert found == ["variants are 3375000: at most 1000 can be measured"]


def handler(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text("def handler(event, context):\n    return event\n")
    return folder


def test_functions_are_called_by_their_folders_and_come_back_from_them(tmp_path: Path) -> None:
    handler(tmp_path / "old" / "api")
    handler(tmp_path / "new" / "api")
    text = with_variants('function = ["old/api", "new/api", "hello"]')
    profile = load(tmp_path, text.replace('function = "primes"\n', ""))
    assert [variant.name for variant in profile.variants] == [
        *("invoke-128MB-old-api", "invoke-128MB-new-api", "invoke-128MB-hello")
    ]
    assert profile.levels.functions["new-api"] == str(tmp_path / "new" / "api")
    (tmp_path / "again.toml").write_text(resolved_toml(profile), "utf-8")
    again = load_profile(tmp_path / "again.toml")
    assert replace(again, source=profile.source) == profile
    command = local_command(profile.target, profile.variants, profile.levels.functions)
    served = [word.split(",")[0] for word in command if "=" in word]
    assert f"new-api={tmp_path / 'new' / 'api'}" in served
    assert "hello=hello" in served


def test_payloads_and_ways_to_connect_are_each_variants_own(tmp_path: Path) -> None:
    text = with_variants(
        'event = ["small", "large"]\nconnections = ["keep-alive", "close"]',
        "[events.small]\nevent = { n = 1 }\n[events.large]\nevent = { n = 1000 }\n",
    )
    profile = load(tmp_path, text)
    found = {
        variant.name: (client.events[0].value["n"], client.connections.keep_alive)
        for variant, client in zip(profile.variants, profile.clients, strict=True)
    }
    assert found == {
        "invoke-128MB-small-keep-alive": (1, True),
        "invoke-128MB-small-close": (1, False),
        "invoke-128MB-large-keep-alive": (1000, True),
        "invoke-128MB-large-close": (1000, False),
    }
    (tmp_path / "again.toml").write_text(resolved_toml(profile), "utf-8")
    assert replace(load_profile(tmp_path / "again.toml"), source=profile.source) == profile


def test_http2_has_no_meaning_beside_the_age_of_a_connection(tmp_path: Path) -> None:
    text = """
[target]
kind = "http"
url = "https://example.com"
[[variants]]
connections = ["http2", "keep-alive"]
retry = ["none", "fixed"]
[[phase]]
name = "steady"
rate = "10/s"
duration = "5s"
"""
    assert len(load(tmp_path, text).variants) == 4
    (found,) = mistakes(tmp_path, text + '[connections]\nmax_age = "1m"\n')
    assert "variants[0].connections cannot be http2 beside connections.max_age" in found


def test_several_functions_on_the_command_line_are_variants() -> None:
    given = {"--function": ["primes", "hello"], "--memory": ["128"]}
    profile = profile_of(None, (), given).profile
    assert {variant.function for variant in profile.variants} == {"primes", "hello"}
    with pytest.raises(UsageError, match="--function takes several that are here, or several on"):
        profile_of(None, (), {"--function": ["primes", "some-function-on-aws"]})


FUNCTIONS_ON_AWS = """
[target]
kind = "aws"
function = "api"
[[variants]]
memory_mb = 512
function = [%s]
[[phase]]
rate = "1/s"
duration = "1s"
"""


@pytest.mark.parametrize(
    ("functions", "names"),
    [
        (["api", "api-new"], ["api", "api-new"]),
        (["api:blue", "api:green"], ["api-blue", "api-green"]),
        (
            [
                f"arn:aws:lambda:{region}:123456789012:function:api"
                for region in ("us-east-1", "eu-west-1")
            ],
            ["123456789012-api", "123456789012-api"],
        ),
        (["123456789012:function:api", "api"], ["123456789012-api", "api"]),
    ],
)
def test_functions_on_aws_are_called_by_as_much_of_their_arn_as_tells_them_apart(
    functions: list[str], names: list[str], tmp_path: Path
) -> None:
    text = FUNCTIONS_ON_AWS % ", ".join(f'"{function}"' for function in functions)
    profile = load(tmp_path, text)
    shown = [variant.function or "" for variant in profile.variants]
    assert len(set(shown)) == 2
    assert all(name.endswith(end) for name, end in zip(shown, names, strict=True))
    assert [profile.levels.functions[name] for name in shown] == functions
    (tmp_path / "again.toml").write_text(resolved_toml(profile), "utf-8")
    assert load_profile(tmp_path / "again.toml").levels.functions == profile.levels.functions


async def test_an_emulator_is_told_the_function_of_each_variant(tmp_path: Path) -> None:
    async with raw_server(answering(b"")) as url:
        text = FUNCTIONS_ON_AWS.replace('"aws"', f'"http"\nurls = {{ invoke = "{url}" }}')
        profile = load(
            tmp_path,
            (text % '"old", "new"').replace("[[variants]]", '[[variants]]\nendpoint = "invoke"'),
        )
        bindings = await open_target(profile, Connections()).bind(profile.variants)
    assert [binding.function for binding in bindings] == ["old", "new"]


def test_functions_on_aws_from_the_command_line_are_each_as_they_are() -> None:
    found = {"old": Found(512, "x86_64"), "new": Found(1024, "arm64")}
    word = TargetWord("old", TargetSort.ARN)
    profile = begun_profile(word, (), {}, found).profile
    assert [variant.name for variant in profile.variants] == [
        "invoke-512MB-old",
        "invoke-1024MB-arm64-new",
    ]
    swept = begun_profile(word, (), {"--memory": ["128,256"]}, found).profile
    assert len(swept.variants) == 4


def test_a_runtime_is_that_of_a_function_of_its_own(tmp_path: Path) -> None:
    profile = load(tmp_path, with_variants('runtime = ["python3.11", "python3.12"]'))
    command = local_command(profile.target, profile.variants)
    (own,) = [word for word in command if word.startswith("primes-python3-12=primes,")]
    assert own.endswith(",runtime=python3.12")
    alone = load(tmp_path, with_variants('runtime = "python3.12"'))
    assert (alone.target.runtime, alone.variants[0].name) == ("python3.12", "invoke-128MB")


ON_AWS = """
[target]
kind = "aws"
function = "thumbnail"
[[variants]]
memory_mb = 512
qualifier = ["live", "next"]
[[phase]]
name = "steady"
rate = "10/s"
duration = "5s"
"""


def test_environments_that_are_kept_up_are_those_of_a_function_of_their_own(tmp_path: Path) -> None:
    text = with_variants('initialization = ["on-demand", "provisioned"]')
    kept = text.replace("[target]\n", "[target]\nprovisioned = 3\n")
    profile = load(tmp_path, kept)
    assert [variant.initialization for variant in profile.variants] == [None, "provisioned"]
    command = local_command(profile.target, profile.variants)
    kept_up = {word.split("=")[0]: "provisioned=3" in word for word in command if "=primes" in word}
    assert kept_up == {"primes-on-demand-initialization": False, "primes-provisioned": True}
    alone = load(tmp_path, kept.replace('"on-demand", ', ""))
    assert "primes,provisioned=3" in local_command(alone.target, alone.variants)
    (tmp_path / "again.toml").write_text(resolved_toml(profile), "utf-8")
    assert load_profile(tmp_path / "again.toml").variants == profile.variants
    usd = [usd_per_million(variant, 1000.0) or 0.0 for variant in profile.variants]
    assert (usd[0] - 0.2) / (usd[1] - 0.2) == pytest.approx(0.0000166667 / 0.0000097222)


@pytest.mark.parametrize(
    ("level", "more", "said"),
    [
        ("provisioned", "", "needs target.provisioned, the number of environments to keep up"),
        ("snapstart", "", "cannot be snapstart for a local target, which takes no snapshots"),
        ("warm", "", 'must be "on-demand", "provisioned" or "snapstart" (it is "warm")'),
        ("on-demand", "provisioned = 2\n", "target.provisioned is for no variant: add init"),
        ("provisioned", "provisioned = 2\nconcurrency = 1\n", "must be at most target.concurrency"),
    ],
)
def test_an_initialization_that_cannot_be_is_refused(
    level: str, more: str, said: str, tmp_path: Path
) -> None:
    text = with_variants(f'initialization = "{level}"')
    (found,) = mistakes(tmp_path, text.replace("[target]\n", f"[target]\n{more}"))
    assert said in found


def test_on_aws_what_is_provisioned_is_a_version_or_an_alias(tmp_path: Path) -> None:
    text = ON_AWS.replace("qualifier =", "initialization = 'provisioned'\nqualifier =")
    assert len(load(tmp_path, text).variants) == 2
    lines = [line for line in text.splitlines() if not line.startswith("qualifier")]
    (found,) = mistakes(tmp_path, "\n".join(lines))
    assert "needs the version or alias that has it: add qualifier" in found


def test_a_qualifier_is_one_version_and_has_one_size(tmp_path: Path) -> None:
    profile = load(tmp_path, ON_AWS)
    assert [v.name for v in profile.variants] == ["invoke-512MB-live", "invoke-512MB-next"]
    shared = shared_words(profile)
    assert shared is not None
    assert shared.startswith("the function and its limit of concurrency:")
    (found,) = mistakes(tmp_path, ON_AWS + "[[variants]]\nmemory_mb = 128\nqualifier = 'live'\n")
    assert "cannot have both 128 and 512 MB" in found
    functions = load(tmp_path, ON_AWS.replace("qualifier", "function"))
    assert (shared_words(functions) or "").startswith("the account's limit of concurrency:")
    other = "[[variants]]\nmemory_mb = 128\nfunction = 'next'\n"
    assert len(load(tmp_path, ON_AWS.replace("qualifier", "function") + other).variants) == 3
