import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.commands.events import events
from bench.errors import UsageError
from bench.payloads.generated import GeneratedEvents
from bench.payloads.generators import GENERATORS
from bench.payloads.placeholders import PLACEHOLDERS


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(events, list(arguments), input=stdin)


def test_without_a_name_every_generator_and_placeholder_is_listed() -> None:
    result = run()
    assert result.exit_code == 0
    for generator in GENERATORS.values():
        assert f"{generator.name}: {generator.summary}" in result.output
        assert all(option in result.output for option in generator.options)
    assert all(placeholder.usage in result.output for placeholder in PLACEHOLDERS.values())


@pytest.mark.parametrize("name", GENERATORS)
def test_what_is_printed_is_what_a_run_sends(name: str) -> None:
    result = run(name, "--count", "3", "--from", "5", "--seed", "7", "--compact")
    made = GeneratedEvents(name, {}, 7)
    assert result.output.splitlines() == [made.next(index).decode() for index in (5, 6, 7)]
    assert json.loads(run(name, "--seed", "7").output) == json.loads(made.next(0))


def test_options_are_set_as_numbers_texts_and_tables() -> None:
    result = run("firehose", "--set", "records=2", "--set", "stream=mine")
    event = json.loads(result.output)
    assert len(event["records"]) == 2
    assert event["deliveryStreamArn"].endswith("/mine")
    result = run("step-functions-task", "--set", 'input={"a": [1]}')
    assert json.loads(result.output)["a"] == [1]


def test_a_response_is_checked_against_the_event_of_the_same_number(tmp_path: Path) -> None:
    event = json.loads(run("firehose", "--from", "4").output)
    records = [
        {"recordId": record["recordId"], "result": "Ok", "data": record["data"]}
        for record in event["records"]
    ]
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"records": records}))
    assert run("firehose", "--from", "4", "--check", str(answer)).exit_code == 0
    result = run("firehose", "--from", "3", "--check", "-", stdin=answer.read_text())
    assert result.exit_code == 99
    assert "is missing from the response" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "there are alb-health-check"),
        (["firehose", "--set", "records"], "must read OPTION=VALUE"),
        (["firehose", "--set", "records=ten"], "must be a whole number"),
        (["step-functions-task", "--set", "input={"], "is no JSON"),
    ],
)
def test_mistakes_are_named(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, UsageError)
    assert words in str(result.exception)
