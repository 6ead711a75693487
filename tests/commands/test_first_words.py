"""What a newcomer types first, from whichever tool they come: it works, or says what does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from bench.cli import VERBS, run_command
from bench.commands.support import foreign
from bench.commands.support.first_words import TOOLS, WAYS
from bench.commands.support.target_options import shown_arguments
from bench.commands.support.topics import topics
from bench.errors import ExitCode, ProfileError
from bench.model.endpoint import EndpointKind
from bench.model.profile import Profile, TargetKind
from bench.model.retry import RetryPolicyName
from bench.profile import load_profile
from bench.profile.begin import Found
from bench.profile.options import OPTIONS, Option
from bench.profile.read import begun_profile
from bench.profile.schema import PROFILE
from bench.profile.target_word import target_word
from tests.commands.stubbed import stub_runs

URL = "http://localhost:8080/"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:my-function"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:my-machine"
SHOWN = {"profiles", "validate", "plan", "help", "version", "init", "schema", "doctor"}
"""Verbs whose paste can be tried here; of the others it is enough that they are verbs."""


def sizes(profile: Profile) -> list[int | None]:
    return [variant.memory_mb for variant in profile.variants]


def rate_of(profile: Profile) -> str:
    return str(profile.phases[-1].shape.key_values().get("rate"))


def callers_of(profile: Profile) -> int:
    return profile.phases[-1].shape.most_callers


def seconds(profile: Profile) -> float:
    return profile.phases[-1].duration_ns / 1e9


RUNS: list[tuple[str, Callable[[Profile], object]]] = [
    (
        f"lamload {URL}",
        lambda p: p.target.kind is TargetKind.HTTP and p.target.http_method == "GET",
    ),
    ("lamload https://example.com/items?page=2", lambda p: p.name == "example.com"),
    (f"lamload run {URL}", lambda p: p.target.urls == {EndpointKind.HTTP: URL}),
    (f"lamload -n 200 -c 10 {URL}", lambda p: p.stop.invocations == 200 and callers_of(p) == 10),
    ("lamload folder -n 9 --memory 128", lambda p: p.stop.invocations == 9),
    ("lamload folder -n 9 --for 1s", lambda p: p.stop.invocations == 9 and len(p.variants) == 3),
    (f"lamload -n200 -c10 {URL}", lambda p: p.stop.invocations == 200 and len(p.phases) == 1),
    (f"lamload -n 50 {URL}", lambda p: p.stop.invocations == 50 and callers_of(p) == 10),
    (f"lamload -z 30s -c 50 {URL}", lambda p: seconds(p) == 30 and callers_of(p) == 50),
    (f"lamload -z 10s -q 100 {URL}", lambda p: rate_of(p) == "(100.0, 100.0)"),
    (f"lamload {URL} -q50", lambda p: rate_of(p) == "(50.0, 50.0)"),
    (f"lamload run -q {URL}", lambda p: rate_of(p) == "(20.0, 20.0)"),
    (f"lamload {URL} --rate 10/s..100/s", lambda p: rate_of(p) == "(10.0, 100.0)"),
    (f"lamload {URL} -d '{{\"a\": null}}'", lambda p: p.target.http_method == "POST"),
    (f"lamload {URL} -m PUT -d hello", lambda p: p.target.http_method == "PUT"),
    (f"lamload {URL} -d @body.json", lambda p: str(p.target.events[0].path).endswith("/body.json")),
    (f"lamload {URL} -H 'Accept: a/b' -H 'X: 1:2'", lambda p: p.target.http_headers["X"] == "1:2"),
    (f"lamload {URL} --warm-up 0s", lambda p: [phase.name for phase in p.phases] == ["steady"]),
    (f"lamload {URL} --timeout 5s --retry full-jitter", lambda p: p.timeouts.total_ns == 5 * 10**9),
    (f"lamload {URL} --slo 'p99 < 300ms' --slo 'error_rate < 1%'", lambda p: len(p.slos) == 2),
    ("lamload quickstart", lambda p: p.name == "quickstart"),
    ("lamload run quickstart.toml", lambda p: p.name == "quickstart"),
    ("lamload mine.toml", lambda p: p.name == "primes"),
    ("lamload run mine.toml --max-spend 2", lambda p: p.max_spend_usd == 2),
    ("lamload run ./folder", lambda p: sizes(p) == [128, 512, 1769]),
    ("lamload folder --memory 128,256MB", lambda p: sizes(p) == [128, 256]),
    (
        "lamload --function folder --event '{\"n\": 1}'",
        lambda p: p.target.events[0].value["n"] == 1,
    ),
    ("lamload primes", lambda p: p.target.kind is TargetKind.LOCAL),
    ("lamload folder --endpoint invoke,alb --memory 512", lambda p: len(p.variants) == 2),
    ("lamload quickstart --rounds 1 --for 1s", lambda p: p.load.rounds == 1 and seconds(p) == 1),
    ("lamload quickstart --callers 1..5 --warm-up 2s", lambda p: callers_of(p) == 5),
    ("lamload quickstart --endpoint alb", lambda p: sizes(p) == [128, 256, 512, 1024, 1769]),
    ("lamload ramp --rate 10/s..20/s", lambda p: rate_of(p) == "(10.0, 20.0)"),
    (
        f"lamload {MACHINE} --memory 512",
        lambda p: p.variants[0].endpoint is EndpointKind.STEP_FUNCTIONS,
    ),
]
ON_AWS = [
    "lamload my-function",
    f"lamload {ARN}",
    "lamload run my-function --memory 128,512 --rate 50/s",
    "lamload run --function quickstart --qualifier prod",
    "lamload plan my-function",
]
PRINTS = [
    ("lamload --version", "lamload "),
    ("lamload version", "lamload "),
    ("lamload -h", "Usage: lamload"),
    ("lamload help", "lamload help TOPIC"),
    ("lamload help start", "hey"),
    ("lamload profiles", "quickstart"),
    ("lamload init", "[target]"),
    (f"lamload {URL} --print", f'url = "{URL}"'),
    (f"lamload plan {URL} --rate 7/s", "7/s"),
]
REFUSED = [
    ("lamload bench", "lamload run quickstart"),
    (f"lamload bench {URL} -n 3", f"lamload run {URL} -n 3"),
    (
        "lamload invoke --function-name f --payload '{}'",
        "lamload once --function f --event '{}'",
    ),
    ("lamload list", "lamload profiles"),
    ("lamload example", "lamload profiles"),
    ("lamload local-function", "lamload local"),
    ("lamload qucikstart", "lamload run quickstart"),
    ("lamload run quikstart.toml", "lamload run quickstart"),
    ("lamload run nope.toml", "lamload init"),
    ("lamload rnu quickstart", "lamload run quickstart"),
    ("lamload report", "lamload quickstart"),
    ("lamload open", "lamload quickstart"),
    ("lamload results", "lamload report"),
    ("lamload -v", "lamload --version"),
    ("lamload localhost:8080", "lamload run http://localhost:8080"),
    ("lamload example.com/a", "lamload run https://example.com/a"),
    ("lamload run folder/handler.py", "lamload run ./folder"),
    ("lamload run empty", "lamload quickstart"),
    ("lamload run", "lamload run quickstart"),
    ("lamload run --function one --function primes", "lamload compare"),
    ("lamload run script.js", "lamload init"),
    ("lamload run --vus 10 --duration 30s script.js", "lamload init"),
    (f"lamload --vus 10 --duration 30 {URL}", f"lamload run --callers 10 --for 30s {URL}"),
    (f"lamload -t2 -c10 -d30s {URL}", f"lamload run -c10 --for 30s {URL}"),
    (f"lamload -k -n 9 -c 3 {URL}", f"lamload run -n 9 -c 3 {URL}"),
    ("lamload -f locustfile.py", "lamload init"),
    (
        f"lamload --users 5 --run-time 1m --host {URL}",
        f"lamload run --callers 5 --for 1m {URL}",
    ),
    (f"lamload quick --count 10 {URL}", f"lamload run --invocations 10 {URL}"),
    (f"lamload {URL} -X POST --data '{{}}'", f"lamload run {URL} --method POST --event '{{}}'"),
    (
        f"lamload run --powerValues 128,512 --lambdaARN {ARN}",
        f"lamload run --memory 128,512 --function {ARN}",
    ),
    (f"lamload {URL} -c 3 -q 9", f"lamload run {URL} --rate 9"),
    (
        "lamload run retry-storm --rate 5/s",
        "lamload run retry-storm --set phase.calm.rate=5/s",
    ),
    ("lamload run folder --event n=1", "--event '{\"n\": 1}'"),
    ("lamload run folder --event mine.toml", "--event @mine.toml"),
]
REFUSED += [
    (f"lamload -R 2000 {URL}", f"lamload run --rate 2000/s {URL}"),
    (
        f"lamload -t4 -c9 -d30s -R2000 {URL}",
        f"lamload run --for 30s --rate 2000/s {URL}",
    ),
    (f"lamload -n 9 -p body.json {URL}", f"lamload run -n 9 --event @body.json {URL}"),
    (f"lamload -c9 -d 30s -p 4 {URL}", f"lamload run -c9 --for 30s {URL}"),
    (f"lamload -c9 -t1m {URL}", f"lamload run -c9 --for 1m {URL}"),
    (f"lamload -u 9 -i 99 {URL}", f"lamload run --callers 9 --invocations 99 {URL}"),
    (f"lamload -u 9 -t 1m -H {URL}", f"lamload run --callers 9 --for 1m {URL}"),
    (f"lamload -disable-keepalive {URL}", f"lamload run --set connections.keep_alive=false {URL}"),
    (
        "lamload -h2 https://localhost:8080/",
        "lamload run --set connections.http2=true https://localhost:8080/",
    ),
    (f"lamload -cpus 2 {URL}", f"lamload run {URL}"),
    (f"lamload attack -rate=50/1s -duration=9s {URL}", f"lamload run --rate 50/s --for 9s {URL}"),
    ("lamload attack -rate=50 -targets=t.txt", "lamload run quickstart --rate 50"),
    (f"lamload {URL} --max-time 5", f"lamload run {URL} --timeout 5s"),
    (f"lamload {URL} --for 30", f"lamload run {URL} --for 30s"),
    (f"lamload {URL} --timeout 5", f"lamload run {URL} --timeout 5s"),
    (f"lamload {URL} --slo 'p99<300'", f"lamload run {URL} --slo 'p99<300ms'"),
    (f"lamload {URL} --workers 4", f"lamload run {URL} --set load.workers=4"),
    (
        f"lamload {URL} -u me:it",
        f"lamload run {URL} --header 'Authorization: Basic bWU6aXQ='",
    ),
    (f"lamload {URL} -L", f"lamload run {URL}"),
    (f"lamload {URL} --nonsense 3", f"lamload run {URL}"),
    (f"lamload {URL} 30s 50", f"lamload run {URL}"),
    ("lamload run https:/localhost:8080", "lamload run https://localhost:8080"),
    ("lamload folder -e body.json", "lamload run folder --event @body.json"),
    ("lamload folder --payload file://body.json", "lamload run folder --event @body.json"),
    ("lamload local invoke f -e event.json", "lamload local"),
    (f"lamload vegeta attack -rate=9 {URL}", f"lamload run --rate 9 {URL}"),
    ("lamload vegeta attack", "lamload run quickstart"),
    (f"lamload hey -n 9 {URL}", f"lamload run -n 9 {URL}"),
    (f"lamload k6 run --vus 3 {URL}", f"lamload run --callers 3 {URL}"),
    ("lamload k6 run script.js", "lamload init"),
    (
        "lamload aws lambda invoke --function-name f --payload '{}' out.json",
        "lamload once --function f --event '{}'",
    ),
    ("lamload sam local start-api", "lamload local"),
    ("lamload sam local invoke Hello", "lamload once quickstart"),
    (f"lamload {URL} -a me:it", f"lamload run {URL} --header 'Authorization: Basic bWU6aXQ='"),
    (
        "lamload https://localhost:8080/ -k",
        "lamload run https://localhost:8080/ --set connections.verify_tls=false",
    ),
    ("lamload folder -e A=b", "lamload run folder --set 'target.environment.A=\"b\"'"),
    (f"lamload {URL} -e A=b", f"lamload run {URL}"),
    ("lamload start-api", "lamload local"),
    ("lamload deploy", "lamload help"),
    ("lamload plan", "lamload plan quickstart"),
    ("lamload validate", "lamload validate quickstart"),
    ("lamload version --json", "lamload version"),
    ("lamload compare a b c", "lamload compare a b"),
    ("lamload export --format xlsx", "lamload export --format csv"),
    ("lamload export --format=htm", "lamload export --format=html"),
    ("lamload profiles show qucikstart", "lamload profiles show quickstart"),
    ("lamload report nope", "lamload quickstart"),
]
ONLY_OPTIONS = "--"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A profile that `lamload init` writes."""
    file = tmp_path_factory.mktemp("made") / "mine.toml"
    assert run_command(["init", "--save", str(file)]) == ExitCode.OK
    return file.read_text("utf-8")


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str) -> list[Profile]:
    """The profiles that would have been run, in a folder with a few things in it."""
    profiles = stub_runs(monkeypatch, tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "handler.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "body.json").write_text("{}")
    (tmp_path / "mine.toml").write_text(made)
    return profiles


def typed(line: str) -> int:
    name, *arguments = shlex.split(line)
    assert name == "lamload"
    return run_command(arguments)


@pytest.mark.parametrize(("line", "holds"), RUNS, ids=[line for line, _ in RUNS])
def test_what_can_be_run_is_run(
    line: str, holds: Callable[[Profile], object], started: list[Profile]
) -> None:
    assert typed(line) == ExitCode.OK
    (profile,) = started
    assert holds(profile)


@pytest.mark.parametrize("line", ON_AWS)
def test_without_credentials_one_line_says_how_to_go_on(
    line: str, started: list[Profile], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(line) == ExitCode.TARGET
    said = capsys.readouterr().err.splitlines()[-1]
    assert "AWS_ACCESS_KEY_ID" in said and "`lamload quickstart`" in said
    assert not started


@pytest.mark.parametrize(("line", "words"), PRINTS)
def test_what_only_prints_prints(
    line: str, words: str, started: list[Profile], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert typed(line) == ExitCode.OK
    assert words in capsys.readouterr().out
    assert not started


@pytest.mark.parametrize(("line", "way"), REFUSED)
def test_what_is_refused_names_a_command_that_works(
    line: str, way: str, started: list[Profile], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert typed(line) == ExitCode.USAGE
    (said,) = capsys.readouterr().err.splitlines()
    assert f"`{way}`" in said
    if way.startswith(ONLY_OPTIONS):
        return
    verb = shlex.split(way)[1]
    if verb in ("run", *SHOWN) or verb not in VERBS:
        assert typed(way) in (ExitCode.OK, ExitCode.TARGET), way
        assert started or verb in (*SHOWN, "--version") or ARN in way


def test_the_list_is_long_enough() -> None:
    assert len({line for rows in (RUNS, REFUSED, PRINTS) for line, _ in rows} | {*ON_AWS}) >= 80


def test_a_word_of_other_tools_is_no_verb_and_leads_to_one() -> None:
    assert not WAYS.keys() & VERBS.keys()
    assert {verb for verb, _ in WAYS.values()} <= VERBS.keys()
    assert not TOOLS.keys() & (VERBS.keys() | WAYS.keys())
    assert {verb for forms in TOOLS.values() for verb, _ in forms.values()} <= VERBS.keys()


@pytest.mark.parametrize("word", ["-", "@-"])
def test_a_payload_comes_in_on_stdin(
    word: str, started: list[Profile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b'{"n": 3}\n')))
    assert typed(f"lamload folder --event {word}") == ExitCode.OK
    (profile,) = started
    assert profile.target.events[0].value == {"n": 3}


@pytest.mark.parametrize("sent", [b"\xff", b"@/etc/hosts"])
def test_of_stdin_neither_bytes_nor_the_name_of_a_file_are_taken(
    sent: bytes, started: list[Profile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(sent)))
    assert typed(f"lamload {URL} --event @-") == ExitCode.USAGE
    assert not started


def test_an_option_of_other_tools_is_none_here() -> None:
    ours = {name for option in OPTIONS for name in (option.name, option.short)}
    assert not ours & foreign.OPTIONS.keys()
    named = {re.split(r"[ =]", option.ours)[0] for option in foreign.OPTIONS.values()}
    assert named <= ours | {"", "{}", "--set", "--headless", "--json"}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_an_option_stands_for_a_key_of_a_profile(option: Option) -> None:
    path, _, name = option.key.rpartition(".")
    assert any(section.path == path and name in section.names for section in PROFILE.sections())


def test_what_is_saved_is_what_was_run(started: list[Profile]) -> None:
    assert typed(f"lamload {URL} --rate 9/s --save kept.toml --slo 'p90 < 1s'") == ExitCode.OK
    kept, ran = load_profile("kept.toml"), started[0]
    assert (kept.phases, kept.target, kept.slos) == (ran.phases, ran.target, ran.slos)
    assert (kept.name, kept.title, kept.question) == (ran.name, ran.title, ran.question)


def test_another_profile_is_not_written_over(
    started: list[Profile], capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path("mine.toml").read_text()
    assert typed(f"lamload {URL} --save mine.toml") == ExitCode.USAGE
    assert "`--save mine-2.toml`" in capsys.readouterr().err
    assert Path("mine.toml").read_text() == before and not started


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_the_page_says_what_an_option_stands_for(option: Option) -> None:
    (row,) = (
        line
        for line in topics()["start"].text.splitlines()
        if line.startswith((f"| `{option.name} ", f"| `{option.name}`"))
    )
    assert f"`{option.key}`" in row
    assert (f"`{option.short}`" in row) == bool(option.short)


def test_a_function_on_aws_is_measured_as_it_is_unless_sizes_are_asked_for() -> None:
    word, found = target_word("my-function"), {"my-function": Found(512, "arm64")}
    profile = begun_profile(word, (), {}, found).profile
    (variant,) = profile.variants
    assert (variant.memory_mb, variant.architecture.value) == (512, "arm64")
    assert profile.target.qualifier == "$LATEST" and profile.max_spend_usd == 1
    swept = begun_profile(word, (), {"--memory": ["128,1024"]}, found).profile
    assert sizes(swept) == [128, 1024] and swept.target.qualifier is None


@pytest.mark.parametrize("policy", RetryPolicyName)
def test_an_option_for_retries_takes_with_it_what_has_no_meaning_beside_its_policy(
    policy: RetryPolicyName,
) -> None:
    retry = load_profile("quickstart", options={"--retry": [policy.value]}).retry
    assert retry.policy is policy or policy.facts.by_environment
    assert retry.retries == (policy is not RetryPolicyName.NONE)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"--rate": ["fast"]}, "--rate: must be a rate"),
        ({"--callers": ["0"]}, "--callers: must be at least 1 (it is 0)"),
        ({"--memory": ["12"]}, "--memory: must be at least 128 (it is 12)"),
        ({"--header": ["x"]}, "--header: must be a header such as"),
        ({"--retry": ["full-jiter"]}, 'did you mean "full-jitter"?'),
        ({"--slo": ["p99"]}, "--slo: 'p99' is not a threshold"),
        ({"--for": ["3s", "4s"]}, "--for: is given 2 times"),
    ],
)
def test_a_mistake_in_an_option_is_told_once_and_by_its_name(
    given: dict[str, list[str]], said: str
) -> None:
    with pytest.raises(ProfileError) as caught:
        begun_profile(target_word("primes"), (), given)
    (line,) = str(caught.value).splitlines()
    assert said in line and line.startswith("--")


def test_all_that_a_begun_profile_says_is_read_back_from_its_text(tmp_path: Path) -> None:
    given = {"--slo": ["p99 < 1s"], "--event": ['{"a": ["\\u007f\\"", 1.5, {"b c": true}]}']}
    begun = begun_profile(target_word("primes"), ('target.environment."A B"="x"',), given)
    file = tmp_path / "kept.toml"
    file.write_text(begun.toml, "utf-8")
    assert replace(load_profile(file), source="") == replace(begun.profile, source="")


def test_what_is_kept_of_the_command_has_no_secret_in_it() -> None:
    words = ["run", "https://a.example/?token=abc", "-H", "Authorization: Bearer xyz", "-n", "3"]
    kept = shown_arguments(words)
    assert not {"abc", "xyz"} & set(" ".join(kept).replace("=", " ").split())
    assert kept[4:] == ["-n", "3"]
