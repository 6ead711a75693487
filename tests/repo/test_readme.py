"""The README keeps up with the code, and CI with the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.cli import BROKEN_PIPE, VERBS
from bench.commands.export import FORMATS
from bench.errors import ExitCode
from bench.faults.kinds import FaultKind
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome
from bench.model.result import Measure
from bench.model.retry import RetryPolicyName
from bench.profile.schema import PROFILE
from bench.profile.target_values import bundled_functions
from bench.record.csv_columns import SUMMARY_COLUMNS
from tests.repo.key_tables import actions, key_tables

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
LINES = README.splitlines()
FIRST_SCREEN = "\n".join(LINES[:16])
RUN = (
    "python3 -m venv .venv && .venv/bin/pip install . && "
    ".venv/bin/lamload run profiles/quickstart.toml"
)
CHECK = "python3 -m venv .venv && .venv/bin/pip install '.[dev]' && .venv/bin/python -m tests.check"


def section_of(name: str) -> str:
    """The part of the README that explains a section's keys."""
    start = next(
        i for i, line in enumerate(LINES) if line.startswith("### ") and f"`[{name}]`" in line
    )
    ends = (i for i in range(start + 1, len(LINES)) if LINES[i].startswith("##"))
    return "\n".join(LINES[start : next(ends, len(LINES))])


@pytest.mark.parametrize("table", key_tables(), ids=lambda table: table.partition("\n")[0])
def test_every_table_of_keys_is_the_one_that_their_declarations_make(table: str) -> None:
    assert f"\n{table}\n" in README, "python -m tests.repo.key_tables --fix puts it in"


def test_every_action_of_the_view_stands_with_its_keys() -> None:
    assert f"\n{actions()}\n" in README


def test_every_section_of_a_profile_has_a_table() -> None:
    for section in PROFILE.sections():
        assert not section.path or f"\n| key of `{section.header}` | " in README


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_stands_in_the_table_of_commands(verb: str) -> None:
    assert re.search(rf"^\| `lamload {verb}\b", README, re.MULTILINE)


@pytest.mark.parametrize("code", [*ExitCode, BROKEN_PIPE])
def test_every_exit_code_stands_in_the_readme(code: int) -> None:
    assert f"\n| {int(code)} | " in README


@pytest.mark.parametrize("kind", EndpointKind)
def test_every_endpoint_has_a_row(kind: EndpointKind) -> None:
    assert f"\n| `{kind.value}` | " in README


@pytest.mark.parametrize("policy", RetryPolicyName)
def test_every_retry_policy_has_a_row(policy: RetryPolicyName) -> None:
    facts = policy.facts
    row = next(line for line in LINES if line.startswith(f"| `{policy.value}` | "))
    assert row.startswith(f"| `{policy.value}` | {facts.formula}")
    if facts.delays is not None:
        assert f"; {facts.attempts} attempts" in row
    assert ("tokens" in row) == (facts.tokens is not None)
    if facts.tokens is not None:
        paid = facts.tokens
        assert f"{paid.capacity} tokens: a retry costs {paid.usual}, after a " in row
        for cost, what in ((paid.throttled, "throttle"), (paid.timeout, "timeout")):
            assert (f"after a {what} {cost}" in row) == (cost != paid.usual)


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_stands_in_the_readme(kind: FaultKind) -> None:
    assert kind.value in README[README.index("[[target.faults]]\n    kind") :]


@pytest.mark.parametrize("word", [outcome.name.lower() for outcome in Outcome])
def test_every_outcome_stands_in_the_readme(word: str) -> None:
    assert f"`{word}`" in README[README.index("## Endpoints") : README.index("## Retries")]


@pytest.mark.parametrize("form", FORMATS)
def test_every_export_format_stands_in_the_readme(form: str) -> None:
    row = next(line for line in LINES if line.startswith("| `lamload export"))
    assert re.search(rf"\b{form}\b", row)


@pytest.mark.parametrize("name", bundled_functions())
def test_every_bundled_function_stands_in_the_readme(name: str) -> None:
    assert f"`{name}`" in section_of("target")


def test_every_column_of_the_summary_stands_in_the_readme() -> None:
    named = set(re.findall(r"`(…?\w+)`", README[README.index("Columns of `summary.csv`") :]))
    endings = tuple(name.removeprefix("…") for name in named if name.startswith("…"))
    measures = {*(measure.value for measure in Measure), "cold", "warm", "retried", "failed"}
    for column in SUMMARY_COLUMNS:
        measure = next((m for m in measures if column.startswith(f"{m}_")), "")
        ending = column.removeprefix(measure).replace("_mb", "_ms")
        assert column in named or (measure in named and ending in endings), column


def test_the_first_screen_says_what_it_is_and_how_to_begin() -> None:
    assert "tests/tui/pictures/" in FIRST_SCREEN
    assert f"\n    {RUN}\n" in f"\n{FIRST_SCREEN}\n"
    assert f"\n    {CHECK}\n" in f"\n{FIRST_SCREEN}\n"


def test_ci_runs_the_readmes_second_command_to_the_letter() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text().splitlines()[-1] == CHECK


def test_pictures_and_files_that_the_readme_names_are_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).is_file(), target
