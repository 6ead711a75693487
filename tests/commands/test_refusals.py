"""Every refusal ends with a command to paste, and that command is not refused."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from bench.cli import VERBS, cli, run_command
from bench.commands.support.first_words import routed
from bench.errors import ExitCode
from bench.profile.options import OPTIONS
from bench.profile.usual import USUAL
from tests.commands.stubbed import stub_runs

URL = "http://localhost:8080/"
TARGETS = ("quickstart", "ramp", "capacity", URL, "folder", "f-on-aws")
WRONG = {
    "--memory": ("big", "100", "128-1024", "1GB", "20000", "128.5", "-1", "", ",", "128;256"),
    "--endpoint": ("lambda", "furl", "apigw", "elb", "nothing", "", "invoke,url", "INVOKE"),
    "--function": ("", "nope/", "no pe", "primse"),
    "--qualifier": ("a b", "", "x" * 200),
    "--event": ("{", "", "@nothing.json", "n=1", "body.json", "name=x"),
    "--header": ("", "a b", "a=b", "ä: ö", "Content-Length: 3", ":", ": x"),
    "--method": ("get", "", "GET POST", "1"),
    "--rate": ("fast", "0", "-3/s", "100rps", "100/sec", "10-100/s", "1e9/s", "", "1..2..3/s", "/"),
    "--callers": ("ten", "0", "-1", "1-50", "10000000", "", "1.5", "1..2..3"),
    "--for": ("forever", "0s", "-5s", "5sec", "31d", "", "5 minutes", "s", "800h"),
    "--invocations": ("many", "0", "-5", "1k", "1,000", "1.5", "", "1e3"),
    "--warm-up": ("no", "-1s", "5sec", ""),
    "--rounds": ("many", "0", "-1", "1.5", "", "1e9"),
    "--retry": ("3", "expo", "full_jitter", "", "jitter", "nope"),
    "--timeout": ("soon", "0s", "-1s", "5sec", ""),
    "--slo": (
        "p99",
        "p99 < fast",
        "p100 < 3ms",
        "latency < 3ms",
        "error_rate < 3ms",
        "",
        "<",
        "p99 of x < 3ms",
    ),
    "--max-spend": ("free", "0", "-2", "2 EUR", "", "1e99 USD"),
}
"""By option: what nobody can mean, or not as it stands, of every target or of some."""
BODIES = [
    "lamload quickstart --set load.sed=2",
    "lamload quickstart --set load.seed",
    "lamload quickstart --set load.seed=abc",
    "lamload quickstart --set nope=1",
    "lamload quickstart --set phase.nope.rate=3/s",
    "lamload quickstart --set ''",
    "lamload my-function --set target.region=mars",
    "lamload quickstart --save folder",
    "lamload quickstart --save ''",
    "lamload quickstart --save nowhere/x.toml",
    "lamload quickstart --out body.json",
    "lamload quickstart --out body.json/x",
    "lamload quickstart --fleet nope",
    "lamload quickstart --fleet dask-local:0",
    "lamload quickstart --insecure-fleet",
    "lamload quickstart --replay nope",
    "lamload quickstart --memory 64 --headless --json --out x --allow-invalid",
    "lamload quickstart --for 3s --for 4s",
    "lamload quickstart --rate 5/s --callers 3 --memory 64",
    f"lamload {URL} --endpoint alb",
    f"lamload {URL} -H 'Authorization: Bearer xyz' --memory 12",
    "lamload run ''",
    "lamload run http://",
    "lamload run body.json",
    "lamload run odd.py",
    "lamload run folder/handler.py",
    "lamload run template.yaml",
    "lamload run misspelt.toml",
    "lamload run mistyped.toml",
    "lamload run broken.toml",
    "lamload validate misspelt.toml nope",
    "lamload validate folder",
    "lamload script.ts",
    "lamload -",
    "lamload once",
    "lamload plan quickstart --billed fast",
    "lamload plan quickstart --waits 200ms",
    "lamload init folder --save folder",
    "lamload init nope.toml",
    "lamload report --columns nope",
    "lamload export --format pdf",
    "lamload compare --max-slower fast",
    "lamload compare a b",
    "lamload watch nope",
    "lamload local --function x",
    "lamload local --function x=nope",
    "lamload local --memory big",
    "lamload local --memory 64",
    "lamload local --template nope.yaml",
    "lamload local --layer nope",
    "lamload local --env-from nope",
    "lamload local --env X=1 --env =2",
    "lamload local --faults nope.toml",
    "lamload local --faults-json '['",
    "lamload local --doors nope",
    "lamload local --function a=primes --function a=hello",
    "lamload doctor --fleet nope",
    "lamload selftest nope",
    "lamload restore nope",
    "lamload help nope",
    "lamload events nope",
    "lamload events firehose --set nope=1",
    "lamload profiles show nope",
]
"""Refused by the verbs themselves."""
PROFILE = """[target]
kind = "local"
function = "primes"
[[variants]]
memory_mb = [128, 512]
[[phase]]
name = "steady"
rate = "5/s"
duration = "2s"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with a few things in it; nothing is run in it."""

    stub_runs(monkeypatch, tmp_path)
    Path("folder").mkdir()
    Path("folder/handler.py").write_text("def handler(event, context):\n    return 1\n")
    Path("odd.py").write_text("def main(event, context):\n    return 1\n")
    Path("body.json").write_text("{}")
    Path("misspelt.toml").write_text(PROFILE.replace("rate", "rat"))
    Path("mistyped.toml").write_text(PROFILE.replace('"5/s"', '"fast"').replace("128", "100"))
    Path("broken.toml").write_text(PROFILE.replace('"primes"', "primes"))


def refusal_of(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    capsys.readouterr()
    code = run_command(shlex.split(line)[1:])
    return code, capsys.readouterr().err.splitlines()


def command_in(lines: list[str]) -> list[str]:
    """The last command of the last line, as a shell has it."""
    found = re.findall(r"`(lamload [^`]+)`", lines[-1])
    assert found, lines
    return shlex.split(found[-1])[1:]


def parse(words: list[str]) -> None:
    """As the command line does before a verb does anything. Raises click.UsageError."""
    verb, *rest = routed(words, VERBS)
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    try:
        command.make_context(verb, rest)
    except click.exceptions.Exit as asked:  # --help
        assert asked.exit_code == 0


def test_every_option_for_a_key_has_wrong_values_here_and_a_usual_one() -> None:
    names = {option.name for option in OPTIONS}
    assert WRONG.keys() == names == USUAL.keys()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_of_an_option_leads_to_a_command_that_runs(
    name: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = 0
    for wrong in WRONG[name]:
        line = shlex.join(["lamload", "run", target, name, wrong])
        code, lines = refusal_of(line, capsys)
        assert code in (ExitCode.OK, ExitCode.USAGE, ExitCode.TARGET), (line, lines)
        if code != ExitCode.USAGE:
            continue
        refused += 1
        words = command_in(lines)
        assert not any("\n" in line or "Traceback" in line for line in lines)
        again = run_command(words)
        assert again in (ExitCode.OK, ExitCode.TARGET), (line, words, capsys.readouterr().err)
        assert again != ExitCode.TARGET or target == "f-on-aws"
    assert refused >= 2 or target != "quickstart", name


@pytest.mark.parametrize("line", BODIES)
def test_what_a_verb_refuses_ends_with_a_command_that_parses(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = refusal_of(line, capsys)
    assert code == ExitCode.USAGE, lines
    parse(command_in(lines))
    assert "xyz" not in lines[-1] and "Errno" not in lines[-1]


def test_a_password_in_a_url_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = refusal_of("lamload http://me:hunter2@localhost/ --rate fast", capsys)
    assert not any("hunter2" in line for line in lines)


def options_with_values() -> Iterator[tuple[str, click.Option]]:
    for verb in VERBS:
        command = getattr(import_module(f"bench.commands.{verb}"), verb)
        for param in command.params:
            if isinstance(param, click.Option) and not param.is_flag:
                yield verb, param


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        pytest.param(verb, option, id=f"{verb} {option.opts[0]}")
        for verb, option in options_with_values()
    ],
)
def test_what_the_command_line_refuses_ends_with_a_command_that_parses(
    verb: str, option: click.Option, capsys: pytest.CaptureFixture[str]
) -> None:
    target = ["quickstart"] if verb in ("plan", "validate") else []
    named = option.opts[0]
    for wrong in ([named], [named, "fast"], [named, "-99999999"], [f"{named}="]):
        try:
            parse([verb, *target, *wrong])
        except click.UsageError:
            code, lines = refusal_of(shlex.join(["lamload", verb, *target, *wrong]), capsys)
            assert code == ExitCode.USAGE
            parse(command_in(lines))


@pytest.mark.parametrize(
    ("typed", "way"),
    [
        ("lamload run ramp --rate fast", "lamload run ramp --rate 20/s"),
        ("lamload quickstart --memory 100", "lamload run quickstart --memory 128"),
        ("lamload quickstart --memory 1GB,2GB", "lamload run quickstart --memory 1024,2048"),
        ("lamload quickstart --endpoint lambda", "lamload run quickstart --endpoint invoke"),
        ("lamload quickstart --rate 10-100rps", "lamload run quickstart --rate 10/s..100/s"),
        ("lamload quickstart --rate 60/minute", "lamload run quickstart --rate 60/min"),
        ("lamload quickstart --callers 1-50", "lamload run quickstart --callers 1..50"),
        ("lamload quickstart --for '2 minutes'", "lamload run quickstart --for 2m"),
        (f"lamload {URL} -n 1k -c 5", f"lamload run {URL} --callers 5 --invocations 1000"),
        (f"lamload {URL} --slo 'p100 < 3ms'", f"lamload run {URL} --slo 'max < 3ms'"),
        (f"lamload {URL} -m get", f"lamload run {URL} --method GET"),
        (f"lamload {URL} --memory 128", f"lamload run {URL}"),
        ("lamload once folder --memory 64", "lamload once folder --memory 128"),
        (
            "lamload run mistyped.toml",
            "lamload run mistyped.toml --set 'variants[0].memory_mb[0]=128' "
            "--set 'phase[0].rate=\"3/s\"'",
        ),
        ("lamload folder --seed 3", "lamload run folder --set load.seed=3"),
        ("lamload folder --env A=1", "lamload run folder --set 'target.environment.A=\"1\"'"),
        (
            "lamload folder --handler=handler.handler",
            "lamload run folder --set target.handler=handler.handler",
        ),
        ("lamload folder --retries 3", "lamload run folder"),
        ("lamload folder --html out.html", "lamload run folder"),
        ("lamload folder --colour always", "lamload run folder"),
        ("lamload --debug", "lamload run quickstart"),
        ("lamload folder --memry 128", "lamload run folder --memory 128"),
        ("lamload folder -H 'X: 1'", "lamload run folder"),
        ("lamload mistyped", "lamload run mistyped.toml"),
        ("lamload QUICKSTART.toml", "lamload run quickstart"),
        ("lamload quickstart.tml", "lamload run quickstart"),
        ("lamload :8080", "lamload run http://localhost:8080"),
        ("lamload export json", "lamload export --format json"),
        ("lamload profiles quickstart", "lamload profiles show quickstart"),
        ("lamload profiles list", "lamload profiles"),
        ("lamload history --limit 0", "lamload history --limit 1"),
        ("lamload local --port 99999", "lamload local --port 65535"),
        (f"lamload {URL} -c", f"lamload run {URL} -c 10"),
        ("lamload template.yaml", "lamload run FOLDER"),
        ("lamload odd.py", "lamload run . --set target.handler=odd.main"),
        (
            "lamload odd.py --memory 128",
            "lamload run . --memory 128 --set target.handler=odd.main",
        ),
        ("lamload folder -n 9 --memory 128,512", "lamload run folder --memory 128,512"),
        ("lamload localhost:9 -n 3", "lamload run http://localhost:9 --invocations 3"),
        ("lamload plan a.example/x", "lamload plan https://a.example/x"),
        ("lamload QUICKSTART.toml --rounds 2", "lamload run quickstart --rounds 2"),
        ("lamload profiles/quickstart.toml --rounds 2", "lamload run quickstart --rounds 2"),
        ("lamload ws://localhost/a", "lamload run http://localhost/a"),
        ("lamload folder --event \"{'n': None}\"", "lamload run folder --event '{\"n\": null}'"),
        ("lamload folder --event '{\"n\": 1,}'", "lamload run folder --event '{\"n\": 1}'"),
        ("lamload folder --event '{n: [1, 2}'", "lamload run folder --event '{\"n\": 1}'"),
        (f"lamload {URL} --rate 3000rpm", f"lamload run {URL} --rate 3000/min"),
        (f"lamload {URL} --rate 1.5k/s", f"lamload run {URL} --rate 1500/s"),
        (f"lamload {URL} --rate 5,5", f"lamload run {URL} --rate 5.5/s"),
        (f"lamload {URL} --for 1d", f"lamload run {URL} --for 24h"),
        (f"lamload {URL} --for 01:30", f"lamload run {URL} --for 1m30s"),
        (f"lamload {URL} -n 2O", f"lamload run {URL} --invocations 20"),
        (
            "lamload folder --architecture arm64",
            "lamload run folder --set 'variants[0].architecture=arm64'",
        ),
        (f"lamload {URL} --slo 'p(95)<200'", f"lamload run {URL} --slo 'p95 < 200ms'"),
        (
            f"lamload {URL} --slo 'http_req_failed: rate<0.01' --slo 'checks: rate>0.95'",
            f"lamload run {URL} --slo 'error_rate < 1%' --slo 'error_rate < 5%'",
        ),
        (
            f"lamload {URL} --slo 'http_reqs: rate>=50'",
            f"lamload run {URL} --slo 'achieved >= 50/s'",
        ),
        (f"lamload '{URL}a b' --for 1s", f"lamload run {URL}a%20b --for 1s"),
        (f"lamload {URL}ä?q=ß", f"lamload run '{URL}%C3%A4?q=%C3%9F'"),
        ("lamload https://exämple.com:8443/", "lamload run https://xn--exmple-cua.com:8443/"),
        ("lamload http://me:pw@127.0.0.1:9/x#top", "lamload run http://127.0.0.1:9/x"),
        ("lamload http://[::1/", "lamload quickstart"),
        (f"lamload {URL} --slo 'avg under 1s'", f"lamload run {URL} --slo 'mean < 1s'"),
        (f"lamload {URL} --slo 'errors < 1 %'", f"lamload run {URL} --slo 'error_rate < 1 %'"),
    ],
)
def test_the_command_is_the_nearest_one(
    typed: str, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, lines = refusal_of(typed, capsys)
    assert ["lamload", *command_in(lines)] == shlex.split(way)


def test_where_no_run_can_be_kept_another_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("HOME", str(tmp_path))
    _, lines = refusal_of(f"lamload {URL} --rounds 2 --out taken/runs", capsys)
    assert ["lamload", *command_in(lines)] == shlex.split(
        f"lamload run {URL} --rounds 2 --out {tmp_path}/lamload-runs"
    )
