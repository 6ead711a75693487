from __future__ import annotations

import pytest

from bench.cli import run_command
from bench.errors import ExitCode


def test_each_variant_is_called_once_and_a_failure_is_in_the_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    event = '{"probability": 1}'
    arguments = ["once", "flaky", "--event", event, "--memory", "1769"]
    arguments += ["--endpoint", "invoke,function-url"]
    assert run_command(arguments) == ExitCode.TARGET
    out = capsys.readouterr().out
    heads = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert [head.split()[0] for head in heads] == ["invoke-1769MB", "function-url-1769MB"]
    assert "outcome FUNCTION_ERROR: status 200: Unlucky: drew" in out
    assert '    {"probability":1}' in out
    assert "Authorization: AWS4-HMAC-SHA256 (hidden)" in out
