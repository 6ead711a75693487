from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli import run_command
from bench.profile import shipped_profiles
from tests.profile.write import MINIMAL


def test_profiles_lists_every_shipped_one_with_its_question(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["profiles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [path.stem for path in shipped_profiles()]
    assert all(line.endswith("?") for line in lines)


def test_a_shown_profile_is_one_to_start_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["profiles", "show", "quickstart"]) == 0
    mine = tmp_path / "mine.toml"
    mine.write_text(capsys.readouterr().out)
    assert run_command(["validate", str(mine)]) == 0
    assert capsys.readouterr().out == f"{mine}: OK (9 variants)\n"


def test_validate_tells_every_mistake_of_each_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, worse = (tmp_path / f"{name}.toml" for name in ("good", "bad", "worse"))
    good.write_text(MINIMAL)
    bad.write_text(MINIMAL.replace("128", "1").replace('"5s"', "5"))
    worse.write_text("[")
    assert run_command(["validate", str(bad), str(good), str(worse)]) == 2
    streams = capsys.readouterr()
    assert streams.out == f"{good}: OK (1 variant)\n"
    said = streams.err.splitlines()
    assert len(said) == 3
    too_small = "variants[0].memory_mb must be at least 128 (it is 1)"
    assert said[0] == f"{bad}:7: {too_small}; write `memory_mb = 128` there"
    assert said[1].startswith(f"{bad}:12: phase[0].duration must be a duration")
    assert said[2].startswith(f"{worse}:1: is not TOML: column")


def test_validate_takes_overrides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.toml"
    path.write_text(MINIMAL)
    assert run_command(["validate", str(path), "--set", "load.seed=x"]) == 2
    assert capsys.readouterr().err.startswith("--set: load.seed must be a whole number")


def plan(folder: Path, text: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    path = folder / "p.toml"
    path.write_text(text)
    assert run_command(["plan", str(path), *arguments]) == 0
    return capsys.readouterr().out


def test_plan_says_how_much_will_be_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = plan(tmp_path, MINIMAL + "[load]\nrounds = 3\nin_flight = 7\n", capsys)
    assert "steady: 10/s, poisson for 5 s" in said
    assert "15 s in 3 pieces" in said
    assert "about 150, at most 10/s at a time" in said
    assert "up to 7 connections at once" in said
    assert said.splitlines()[-1].split() == ["invoke-128MB", "150", "150", "p90", "1,382", "3.08"]


def test_plan_knows_what_a_ramp_and_a_burst_send(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = MINIMAL.replace('"10/s"', '"0/s..20/s"')
    text += '[[phase]]\nname = "b"\nburst = 5\nevery = "2s"\nduration = "5s"\nmeasured = false\n'
    said = plan(tmp_path, text, capsys)
    assert "0 to 20/s, poisson for 5 s" in said
    assert "5 at once every 2 s for 5 s, not measured" in said
    assert said.splitlines()[-1].split()[:3] == ["invoke-128MB", "65", "50"]


def test_plan_of_a_closed_loop_promises_no_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = plan(tmp_path, MINIMAL.replace('rate = "10/s"', 'callers = "1..9"'), capsys)
    assert "1 to 9 callers for 5 s" in said
    assert "as many as the answers allow" in said
    assert "up to 9 connections at once" in said


def test_plan_prices_a_run_on_aws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = MINIMAL.replace('"local"', '"aws"').replace("128", "1024")
    said = plan(
        tmp_path, text + '[limits]\nmax_spend = "2 USD"\n', capsys, "--billed", "1s",
        "--waits", "1s", "--set", "phase.steady.rate=10000/s",
    )  # fmt: skip
    # 50,000 invocations of one GB-second each, and 0.20 USD per million requests
    assert "0.84 USD if each is billed 1,000 ms, without retries" in " ".join(said.split())
    assert "the run ends once 2.00 USD are spent (limits.max_spend)" in said


def test_plan_prices_work_by_the_cpu_that_a_size_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = MINIMAL.replace("= 128", "= [128, 1769]")
    said = plan(tmp_path, text, capsys)
    words = " ".join(said.split())
    assert "if each is billed 100 ms at 1769 MB, and work takes as much longer" in words
    prices = [line.split()[-1] for line in said.splitlines()[-2:]]
    assert prices == ["3.08", "3.08"], "an hour of a tenth of a core costs as six minutes of one"
    path = str(tmp_path / "p.toml")
    assert run_command(["plan", path, "--waits", "200ms"]) == 2
    assert "--waits must be at most what is billed, 100ms" in capsys.readouterr().err


def test_plan_of_a_url_knows_no_price(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[target]\nkind = "http"\nurl = "http://127.0.0.1:9/"\n'
    said = plan(tmp_path, text + '[[phase]]\nrate = "1/s"\nduration = "1s"\n', capsys)
    assert "Cost      not known for a URL" in said
    assert "Target    http://127.0.0.1:9/" in said
