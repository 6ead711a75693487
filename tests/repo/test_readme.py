"""README and reference keep up with the code, each fact in one place; CI with the README."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from bench import __version__
from bench.cli import VERBS
from bench.commands.completion import SHELLS
from bench.commands.support.topics import FOLDER, topics
from bench.errors import ExitCode
from bench.faults.kinds import FaultKind
from bench.function_folder import bundled_functions
from bench.model.endpoint import EndpointKind
from bench.model.outcome import Outcome, Verdict
from bench.model.result import Measure
from bench.model.retry import RetryPolicyName
from bench.output.streams import BROKEN_PIPE
from bench.profile.schema import PROFILE
from bench.record import lag_findings, recorded_run, validity, worker_findings
from bench.record.csv_columns import SUMMARY_COLUMNS
from bench.report.formats import FORMATS
from tests.repo.key_tables import actions, key_tables

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {name: topic.text for name, topic in topics().items()}
"""The reference: what `lamload help` shows."""
ALL = {"README": README, **PAGES}
CHANGELOG = (ROOT / ".github" / "CHANGELOG.md").read_text("utf-8")
FIRST_SCREEN = "\n".join(README.splitlines()[:16])
RUN = (
    "python3 -m venv .venv && .venv/bin/pip install . && "
    ".venv/bin/lamload run profiles/quickstart.toml"
)
CHECK = "python3 -m venv .venv && .venv/bin/pip install '.[dev]' && .venv/bin/python -m tests.check"


def with_row(first: str) -> list[str]:
    """Where there is a row of a table that begins with this cell, once for each."""
    return [name for name, text in ALL.items() for _ in range(text.count(f"\n| {first} | "))]


def section_of(name: str) -> str:
    """The part of the profiles' page that explains a section's keys."""
    lines = PAGES["profiles"].splitlines()
    start = next(
        i for i, line in enumerate(lines) if line.startswith("## ") and f"`[{name}]`" in line
    )
    ends = (i for i in range(start + 1, len(lines)) if lines[i].startswith("## "))
    return "\n".join(lines[start : next(ends, len(lines))])


def with_text(text: str) -> list[str]:
    """Where it stands, once for each time."""
    return [name for name, page in ALL.items() for _ in range(page.count(text))]


@pytest.mark.parametrize("table", key_tables(), ids=lambda table: table.partition("\n")[0])
def test_every_table_of_keys_is_the_one_that_their_declarations_make(table: str) -> None:
    assert len(with_text(f"\n{table}")) == 1, "python -m tests.repo.key_tables --fix puts it in"


def test_every_action_of_the_view_stands_with_its_keys() -> None:
    assert with_text(f"\n{actions()}\n") == ["settings"]


def test_every_section_of_a_profile_has_a_table() -> None:
    for section in PROFILE.sections():
        assert not section.path or len(with_text(f"\n| key of `{section.header}` | ")) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_stands_in_the_table_of_commands(verb: str) -> None:
    assert re.search(rf"^\| `lamload {verb}\b", README, re.MULTILINE)


@pytest.mark.parametrize("code", [*ExitCode, BROKEN_PIPE])
def test_every_exit_code_has_one_row(code: int) -> None:
    assert with_row(str(int(code))) == ["README"]


@pytest.mark.parametrize("kind", EndpointKind)
def test_every_endpoint_has_one_row(kind: EndpointKind) -> None:
    assert with_row(f"`{kind.value}`") == ["endpoints"]


@pytest.mark.parametrize("policy", RetryPolicyName)
def test_every_retry_policy_has_one_row(policy: RetryPolicyName) -> None:
    assert with_row(f"`{policy.value}`") == ["retries"]
    facts, lines = policy.facts, PAGES["retries"].splitlines()
    row = next(line for line in lines if line.startswith(f"| `{policy.value}` | "))
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
def test_every_fault_has_one_row(kind: FaultKind) -> None:
    assert with_row(f"`{kind.value}`") == ["faults"]


@pytest.mark.parametrize("word", [outcome.name.lower() for outcome in Outcome])
def test_every_outcome_stands_with_the_endpoints(word: str) -> None:
    assert f"`{word}`" in PAGES["endpoints"]


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_stands_on_its_page_and_among_the_words(verdict: Verdict) -> None:
    assert verdict.value in PAGES["verdict"].splitlines()[0]
    (row,) = (line for line in README.splitlines() if line.startswith("| verdict |"))
    assert verdict.value in row


@pytest.mark.parametrize(
    ("subject", "suspect", "invalid"),
    [
        ("send lag", lag_findings.LAG_SUSPECT, lag_findings.LAG_INVALID),
        ("planned arrivals are missing", validity.SHORT_SUSPECT, validity.SHORT_INVALID),
        ("arrivals were dropped", None, validity.DROPS_INVALID),
        ("invocations never ended", None, validity.UNFINISHED_INVALID),
        ("attempts waited for a connection", validity.WAITS_SUSPECT, None),
        ("the same of read lag", lag_findings.LAG_SUSPECT, lag_findings.LAG_INVALID),
        ("arrivals left late", lag_findings.LATE_SUSPECT, lag_findings.LATE_INVALID),
        ("a worker waited", worker_findings.WAIT_SUSPECT, worker_findings.WAIT_INVALID),
        ("a worker stood still", worker_findings.STILL_SUSPECT, worker_findings.STILL_INVALID),
        ("a worker used more than 90 % of a core", worker_findings.CPU_SUSPECT, None),
    ],
)
def test_the_page_of_verdicts_has_their_thresholds(
    subject: str, suspect: float | None, invalid: float | None
) -> None:
    (row,) = (line for line in PAGES["verdict"].splitlines() if line.startswith(f"| {subject}"))
    _, _, *shares, _, _ = (cell.strip() for cell in row.split("|"))
    for share, said in zip((suspect, invalid), shares, strict=True):
        assert share is None or f"{share * 100:g} %" in said


@pytest.mark.parametrize("form", FORMATS)
def test_every_export_format_stands_in_the_table_of_commands(form: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith("| `lamload export"))
    assert re.search(rf"\b{form}\b", row)


@pytest.mark.parametrize("name", bundled_functions())
def test_every_bundled_function_stands_with_the_targets_keys(name: str) -> None:
    assert f"`{name}`" in section_of("target")


@pytest.mark.parametrize(
    "name",
    [value for key, value in vars(recorded_run).items() if key.isupper() and "." in str(value)],
)
def test_every_file_of_a_run_has_a_row(name: str) -> None:
    assert re.search(rf"^\| .*`{re.escape(name)}`", PAGES["files"], re.MULTILINE)


@pytest.mark.parametrize("text", [*ALL.values(), CHANGELOG], ids=[*ALL, "changelog"])
def test_nothing_stands_in_two_versions(text: str) -> None:
    """What two changes have rewritten, and a merge has kept both times, begins alike."""
    beginnings = [line[:50] for line in text.splitlines() if len(line) > 50 and line[0] != " "]
    assert [line for line, times in Counter(beginnings).items() if times > 1] == []


def test_every_column_of_the_summary_is_explained() -> None:
    page = PAGES["files"]
    named = set(re.findall(r"`(…?\w+)`", page[page.index("Columns of `summary.csv`") :]))
    endings = tuple(name.removeprefix("…") for name in named if name.startswith("…"))
    measures = {*(measure.value for measure in Measure), "cold", "warm", "retried", "failed"}
    for column in SUMMARY_COLUMNS:
        measure = next((m for m in measures if column.startswith(f"{m}_")), "")
        ending = column.removeprefix(measure).replace("_mb", "_ms")
        assert column in named or (measure in named and ending in endings), column


def test_the_reference_is_linked_page_by_page() -> None:
    linked = re.findall(r"\[(\w+)\]\(bench/help/(\w+)\.md\)", README)
    assert sorted(linked) == sorted((name, name) for name in PAGES)


@pytest.mark.parametrize("page", ALL)
def test_what_it_says_to_ask_lamload_for_is_there(page: str) -> None:
    for verb, word in re.findall(r"`lamload ([a-z]+)(?: ([a-z]+)\b)?", ALL[page]):
        assert verb in VERBS, verb
        assert verb != "help" or not word or word in PAGES, word


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_its_line(shell: str) -> None:
    assert f"lamload completion {shell}" in README


def test_the_readme_is_one_page_and_has_its_thirty_words() -> None:
    assert len(README.splitlines()) < 170
    words = README[README.index("## Words") : README.index("## The code")]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", words, re.MULTILINE)[1:]
    assert 28 <= len(rows) <= 36
    assert [word for word, _ in rows] == sorted((word for word, _ in rows), key=str.lower)


def test_the_first_screen_says_what_it_is_and_how_to_begin() -> None:
    assert "tests/tui/pictures/" in FIRST_SCREEN
    assert f"\n    {RUN}\n" in f"\n{FIRST_SCREEN}\n"
    assert f"\n    {CHECK}\n" in f"\n{FIRST_SCREEN}\n"


def test_ci_runs_the_readmes_second_command_to_the_letter() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text().splitlines()[-1] == CHECK


def test_the_matrix_would_run_the_readmes_second_command_to_the_letter() -> None:
    workflow = (ROOT / ".github" / "workflows" / "check.yml").read_text()
    assert workflow.splitlines()[-1].strip() == f"run: {CHECK}"


def test_classifiers_claim_what_the_readme_says_has_been_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    kinds = ("Programming Language :: Python :: ", "Operating System :: ")
    claimed = [c for c in project["classifiers"] if c.startswith(kinds)]
    assert claimed == [
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
    ]
    assert "It is tested with Python 3.11 on Linux." in README


def test_the_changelog_knows_this_version() -> None:
    changes = (ROOT / ".github" / "CHANGELOG.md").read_text("utf-8")
    assert f"\n## {__version__}\n" in changes


@pytest.mark.parametrize("page", ALL)
def test_pictures_and_files_that_it_links_are_there(page: str) -> None:
    folder = ROOT if page == "README" else FOLDER
    for target in re.findall(r"\]\(([^)#:]+)\)", ALL[page]):
        assert (folder / target).is_file(), target


def test_the_files_that_a_recipe_names_are_there() -> None:
    recipes = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"`((?:bench|tests|profiles)/[\w./]*)`", recipes)
    gone = [name for name in named if "NAME" not in name and not (ROOT / name).exists()]
    assert gone == []
