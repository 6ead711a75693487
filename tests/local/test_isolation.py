"""What handlers cannot find out about whoever serves them."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from bench.local.isolation import needed_environment
from tests.local.serving import AUTHORIZATION, PATIENCE_S
from tests.local.test_exit import Command

SPY = """
import os
def parent(pid):
    stat = open(f"/proc/{pid}/stat").read()
    return int(stat[stat.rindex(")") + 2:].split()[1])
def environment(pid):
    try:
        return open(f"/proc/{pid}/environ", "rb").read().decode(errors="replace")
    except OSError as error:
        return error.strerror
def handler(event, context):
    server = parent(parent(os.getpid()))
    try:
        memory = open(f"/proc/{server}/mem", "rb").read(0) and ""
    except OSError as error:
        memory = error.strerror
    return {"server": environment(server), "forker": environment(os.getppid()), "memory": memory}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_handler_finds_no_secret_in_its_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_SECRET", "hush")
    (tmp_path / "handler.py").write_text(SPY)
    with closing(Command("--function", f"f={tmp_path}", "--doors", "none")) as command:
        assert "hush" not in Path(f"/proc/{command.process.pid}/environ").read_text()
        url = f"{command.ready['invoke_url']}/2015-03-31/functions/f/invocations"
        with httpx.Client(trust_env=False, headers=AUTHORIZATION, timeout=PATIENCE_S) as http:
            found = http.post(url).json()
    assert "PLANTED" not in str(found)
    assert found["memory"] == "Permission denied"
    assert os.environ["PLANTED_SECRET"] == "hush"


def test_the_embedded_lambda_of_a_run_gets_what_it_needs() -> None:
    given = {"PATH": "/bin", "LC_ALL": "C", "AWS_SECRET_ACCESS_KEY": "x", "TOKEN": "y"}
    assert needed_environment(given) == {"PATH": "/bin", "LC_ALL": "C"}
