"""Keys that would change nothing are refused; those that do something reach the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.endpoints.registry import endpoint_for
from bench.model.load import Binding
from bench.profile import load_profile, resolved_toml
from tests.profile.write import lines, load, mistakes

URL = 'kind = "http"\nurl = "http://127.0.0.1:1/"\n'
LOCAL = 'kind = "local"\nfunction = "echo"\n'
PHASE = '[[phase]]\nrate = "1/s"\nduration = "1s"\n'
INVOKE = "[[variants]]\nmemory_mb = 128\n"
DOORS = '[[variants]]\nendpoint = ["invoke", "alb"]\nmemory_mb = 128\n'
EVENTS = (
    'event = { q = "x" }',
    'event_file = "a.json"',
    'event_template = { q = "x" }',
    'event_feed = "a.jsonl"',
    'event_generator = "firehose"',
    "[[target.events]]\nevent = { q = 1 }\n[[target.events]]\nevent = { q = 2 }",
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"q":"x"}')
    (tmp_path / "a.jsonl").write_text('{"q":"x"}\n')


def profile(target: str, variants: str = "", rest: str = "") -> str:
    return f"[target]\n{target}\n{variants}{PHASE}{rest}"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("event", EVENTS)
def test_an_event_that_is_never_sent_is_refused(tmp_path: Path, method: str, event: str) -> None:
    text = profile(f'{URL}method = "{method}"\n{event}')
    [found] = lines(tmp_path, text)
    assert "target.method" in found
    assert f"{method} sends no event: leave the event out, or use POST or GET" in found
    assert ":4: " in found  # the line of the key


def test_front_doors_are_asked_too(tmp_path: Path) -> None:
    event = 'method = "HEAD"\nevent = { q = "x" }'
    [found] = mistakes(tmp_path, profile(LOCAL + event, DOORS))
    assert "HEAD sends no event" in found
    edge = '[[variants]]\nendpoint = "cloudfront"\nmemory_mb = 128\n'
    [found] = mistakes(tmp_path, profile(LOCAL + event.replace("HEAD", "GET"), edge))
    assert "refused by CloudFront" in found


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        ('method = "GET"\nevent = { q = "x" }', b'{"q":"x"}'),
        ('method = "GET"\nevent_file = "a.json"', b'{"q":"x"}'),
        ('method = "GET"', b""),
        ('method = "HEAD"', b""),
        ('method = "OPTIONS"', b""),
        ('method = "DELETE"', b"{}"),
        ("", b"{}"),
    ],
)
def test_what_goes_over_the_wire(tmp_path: Path, keys: str, sent: bytes) -> None:
    written = load(tmp_path, profile(URL + keys))
    elsewhere = tmp_path / "resolved.toml"
    elsewhere.write_text(resolved_toml(written))
    for found in (written, load_profile(elsewhere)):
        binding = Binding(found.variants[0], "http://127.0.0.1:1/")
        endpoint = endpoint_for(binding, found.target, None)
        head, _, body = endpoint.request(sent or b"{}", 0).partition(b"\r\n\r\n")
        assert body == sent
        assert (b"Content-Length: %d" % len(sent) in head) is bool(sent)
        assert (b"application/json" in head) is bool(sent)


@pytest.mark.parametrize(
    ("target", "variants", "rest", "words"),
    [
        (LOCAL + 'method = "GET"', INVOKE, "", "target.method is for front doors and URLs"),
        (LOCAL + 'path = "/x"', INVOKE, "", "target.path is for front doors and URLs"),
        (LOCAL + 'headers = { A = "b" }', INVOKE, "", "target.headers is for front doors"),
        (URL + 'client_context = "x"', "", "", "target.client_context is for Invoke"),
        (URL + "log_tail = false", "", "", "target.log_tail is for Invoke"),
        (URL, "", "[connections]\nverify_tls = false\n", "connections.verify_tls is for https"),
        (URL, "", '[connections]\nserver_name = "x"\n', "connections.server_name is for https"),
        (
            'kind = "aws"\nfunction = "f"',
            '[[variants]]\nendpoint = "aws-cli"\nmemory_mb = 128\n',
            '[connections]\nserver_name = "x"\n',
            "connections.server_name cannot be told to the process",
        ),
        (URL, "", "[connections]\nhttp2 = true\n", "connections.http2 is for https"),
        (URL, "", '[stop]\nspend = "1 USD"\n', "stop.spend counts what functions cost"),
        (URL, "", '[limits]\nmax_spend = "1 USD"\n', "limits.max_spend counts what functions"),
        (URL + 'headers = { "" = "b" }', "", "", "is not a name that a header can have"),
        (URL + 'headers = { "É" = "b" }', "", "", "is not a name that a header can have"),
        (URL + 'headers = { A = "naïve" }', "", "", "as character 3, which a header cannot carry"),
        (URL + 'headers = { A = "b " }', "", "", "must not begin or end with a space"),
        (URL + 'headers = { Content-Length = "3" }', "", "", "is set by lamload itself"),
        (URL + 'headers = { transfer-encoding = "x" }', "", "", "is set by lamload itself"),
    ],
)
def test_a_key_without_effect_is_refused(
    tmp_path: Path, target: str, variants: str, rest: str, words: str
) -> None:
    [found] = mistakes(tmp_path, profile(target, variants, rest))
    assert words in found


def test_a_key_at_its_default_says_nothing(tmp_path: Path) -> None:
    same = 'method = "POST"\npath = "/"\nlog_tail = true'
    assert load(tmp_path, profile(LOCAL + same, INVOKE)).target.http_path == "/"
    assert load(tmp_path, profile(URL, "", "[connections]\nverify_tls = true\n"))
