"""A run whose profile is full of secrets, against a target that repeats what it is told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from bench.model.outcome import Outcome
from bench.profile import load_profile
from bench.record.load_run import load_run
from bench.report.html import render_html
from bench.report.json import run_document
from bench.report.text import render_text
from tests.load.test_session import play
from tests.wire.rawserver import raw_server, read_request
from tests.wire.test_tls_and_proxy import relay

PROFILE = """
title = "repeats"

[target]
kind = "http"
url = "{url}/?token=${{URL_TOKEN}}&page=2"
event = {{ password = "planted-in-the-event" }}

[target.headers]
Authorization = "Bearer ${{TOKEN}}"
X-Api-Key = "planted-in-so-many-words"
X-Custom = "planted7"
Accept = "a/b"

[load]
arrivals = "even"
workers = 1

[[phase]]
rate = "10/s"
duration = "1s"

[connections]
proxy = "{proxy}"
"""
ENVIRON = {
    "TOKEN": "planted-token",
    "URL_TOKEN": "planted-url",
    "PROXY_PASSWORD": "planted%40proxy",
}


async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """500, with the whole request in the body, an escape, and a mark that turns the direction."""
    while request := await read_request(reader):
        line, _, rest = request.partition(b"\r\n")
        said = rest.split(b"Authorization: ")[1].split(b"\r\n")[0]
        said += b" custom=" + rest.split(b"X-Custom: ")[1].split(b"\r\n")[0]
        body = b"%s \x1b[31m\xe2\x80\xae %s %s" % (said, line, rest.split(b"\r\n\r\n")[1])
        head = b"HTTP/1.1 500 No\r\nx-request-id: =id-1\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(body) + body)


async def test_no_file_and_no_report_has_a_secret_in_it(tmp_path: Path) -> None:
    async with raw_server(repeat) as url, raw_server(relay) as proxy:
        path = tmp_path / "p.toml"
        by = proxy.replace("://", "://user:${PROXY_PASSWORD}@")
        path.write_text(PROFILE.format(url=url, proxy=by))
        profile = load_profile(path, environ=ENVIRON)
        result = await play(profile, tmp_path / "runs")
        again = load_profile(
            result.recorded.folder / "profile.toml",
            environ=ENVIRON
            | {"X_API_KEY": "planted-in-so-many-words", "PASSWORD": "planted-in-the-event"}
            | {"X_CUSTOM": "planted7"},
        )
    assert (again.target, again.connections) == (profile.target, profile.connections)
    run = result.recorded
    for file in run.folder.iterdir():
        assert "planted" not in file.read_text("utf-8"), file.name
    for said in (render_text(run), run_document(run), render_html(run)):
        assert "planted" not in said
        assert "\x1b" not in said
        assert "\u202e" not in said
    (failure,) = run.failures
    assert (failure.outcome, failure.count) == (Outcome.SERVER_ERROR, 10)
    assert "Bearer ${TOKEN} custom=${X_CUSTOM}" in failure.reasons[0].detail
    assert 'Accept = "a/b"' in (run.folder / "profile.toml").read_text("utf-8")
    assert failure.reasons[0].request_id == "=id-1"
    assert "10 server error" in render_text(run)
    assert "(request =id-1)" in " ".join(render_text(run).split())
    assert "Why calls failed" in render_html(run)
    told = json.loads(run_document(run))["failures"]
    assert told[0]["reasons"][0]["status"] == 500
    for name in ("profile.toml", "manifest.json", "events.jsonl", "report.json"):
        assert (run.folder / name).stat().st_mode & 0o077 == 0, name
    assert load_run(run.folder).failures == run.failures
