"""`${NAME}` in profiles, and that no secret is in what is written of one."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bench.errors import ProfileError
from bench.model.endpoint import EndpointKind
from bench.model.profile import Profile
from bench.profile import load_profile, recorded_profile, resolved_toml

PROFILE = """
title = "costs $${PRICE}"

[target]
kind = "http"
url = "https://example.com/a?token=${URL_TOKEN}&page=2"
headers = { Authorization = "Bearer ${TOKEN}", X-Plain = "plain" }
event = { password = "${TOKEN}", note = "$${TOKEN}", n = 1 }

[connections]
proxy = "http://user:${PROXY_PASSWORD}@127.0.0.1:3128"

[[phase]]
rate = "${RATE}"
duration = "1s"
"""
ENVIRON = {
    "URL_TOKEN": "url-planted",
    "TOKEN": "token-planted",
    "PROXY_PASSWORD": "p%40ss-planted",
    "RATE": "5/s",
}


def read(folder: Path, text: str, environ: dict[str, str] | None = None) -> Profile:
    path = folder / "p.toml"
    path.write_text(text)
    return load_profile(path, environ=ENVIRON if environ is None else environ)


def test_values_come_from_the_environment(tmp_path: Path) -> None:
    profile = read(tmp_path, PROFILE)
    assert profile.title == "costs ${PRICE}"
    assert profile.target.http_headers["Authorization"] == "Bearer token-planted"
    url = profile.target.urls[EndpointKind.HTTP]
    assert url == "https://example.com/a?token=url-planted&page=2"
    assert profile.target.events[0].value == {
        "password": "token-planted",
        "note": "${TOKEN}",
        "n": 1,
    }
    assert profile.connections.proxy == "http://user:p%40ss-planted@127.0.0.1:3128"
    assert "planted" not in repr(profile.connections)


def test_what_is_written_has_the_references_and_runs_as_it_stands(tmp_path: Path) -> None:
    profile = read(tmp_path, PROFILE)
    written = resolved_toml(profile)
    assert "planted" not in written
    assert "p@ss" not in written
    again = read(tmp_path, written, ENVIRON | {"X_PLAIN": "plain"})
    assert (again.target, again.connections, again.title, again.phases) == (
        profile.target,
        profile.connections,
        profile.title,
        profile.phases,
    )
    assert resolved_toml(again) == written


LITERAL = """
[target]
kind = "local"
function = "hello"
environment = { DB_PASSWORD = "planted-1", STAGE = "a", AUTH_ENABLED = "true", PIN_TOKEN = "abc" }
headers = { Authorization = "Bearer planted-2", X-Other = "Bearer planted-3", cookie = "planted-4" }
event = { user = { apiKey = "planted-5" }, list = [{ secret = "planted-6" }], text = "abcd" }
client_context = '{"custom": {"token": "planted-7"}}'

[[variants]]
endpoint = ["invoke", "alb"]
memory_mb = 128

[[phase]]
rate = "5/s"
duration = "1s"
"""


def test_secrets_in_so_many_words_become_references_that_have_to_be_set(tmp_path: Path) -> None:
    profile = read(tmp_path, LITERAL, {})
    written = resolved_toml(profile)
    assert "planted" not in written
    target = tomllib.loads(written)["target"]
    assert target["environment"] == {
        "DB_PASSWORD": "${DB_PASSWORD}",
        "STAGE": "a",
        "AUTH_ENABLED": "true",
        "PIN_TOKEN": "${PIN_TOKEN}",
    }
    assert target["headers"]["Authorization"] == "${AUTHORIZATION}"
    assert target["event"]["text"] == "abcd"
    with pytest.raises(ProfileError, match="needs the environment variable DB_PASSWORD"):
        read(tmp_path, written, {})
    secrets = {
        "DB_PASSWORD": "planted-1",
        "AUTHORIZATION": "Bearer planted-2",
        "COOKIE": "planted-4",
        "X_OTHER": "planted-3",
        "APIKEY": "planted-5",
        "SECRET": "planted-6",
        "TOKEN": "planted-7",
        "PIN_TOKEN": "abc",
    }
    assert read(tmp_path, written, secrets).target == profile.target


def test_two_values_of_one_name_have_names_of_their_own(tmp_path: Path) -> None:
    text = LITERAL.replace('text = "abcd"', 'b = { secret = "planted-8" }')
    events = tomllib.loads(resolved_toml(read(tmp_path, text, {})))["target"]["event"]
    assert (events["list"][0]["secret"], events["b"]["secret"]) == ("${SECRET}", "${SECRET_2}")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('headers = { A = "${NOT_SET}" }', "target.headers.A"),
        ('event = { a = ["${NOT_SET}"] }', "target.event.a[0]"),
    ],
)
def test_a_variable_that_is_not_set_is_told_with_its_key_and_line(
    tmp_path: Path, line: str, key: str
) -> None:
    phase = '[[phase]]\nrate = "1/s"\nduration = "1s"\n'
    text = f'[target]\nkind = "http"\nurl = "http://a/"\n{line}\n{phase}'
    with pytest.raises(ProfileError) as caught:
        read(tmp_path, text, {})
    (said,) = caught.value.lines()
    assert f":4: {key} needs the environment variable NOT_SET, which is not set" in said
    assert "write $${NOT_SET}" in said


def test_no_mistake_shows_a_secret(tmp_path: Path) -> None:
    text = PROFILE.replace('page=2"', 'page=2#x"').replace("127.0.0.1:3128", "h:99999")
    with pytest.raises(ProfileError) as caught:
        read(tmp_path, text)
    assert "planted" not in str(caught.value)
    assert "p@ss" not in str(caught.value)


def test_overrides_take_references_too(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(LITERAL)
    overrides = ['target.headers={ Authorization = "${TOKEN}" }']
    profile = load_profile(path, overrides, environ=ENVIRON)
    assert profile.target.http_headers == {"Authorization": "token-planted"}


def test_a_run_is_read_without_its_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = resolved_toml(read(tmp_path, PROFILE))
    (tmp_path / "p.toml").write_text(written)
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    found = recorded_profile(tmp_path / "p.toml")
    assert found.target.http_headers["Authorization"] == "Bearer ${TOKEN}"
    assert "planted" not in resolved_toml(found)


HEADERS = """
title = "local beside hunter2"

[target]
kind = "local"
function = "hello"
headers = { X-Custom = "hunter2", X-Mode = "local", Accept = "local", X-On = "true", X-No = "12" }

[[variants]]
endpoint = "alb"
memory_mb = 128

[[phase]]
rate = "5/s"
duration = "1s"
"""


def test_what_a_header_of_any_name_holds_is_hidden_where_it_stands(tmp_path: Path) -> None:
    profile = read(tmp_path, HEADERS, {})
    written = resolved_toml(profile)
    target = tomllib.loads(written)["target"]
    assert target["kind"] == "local"
    assert target["headers"] == {
        "X-Custom": "${X_CUSTOM}",
        "X-Mode": "${X_MODE}",
        "Accept": "${X_MODE}",
        "X-On": "true",
        "X-No": "12",
    }
    again = read(tmp_path, written, {"X_CUSTOM": "hunter2", "X_MODE": "local"})
    assert again.target == profile.target
    assert "hunter2" not in resolved_toml(again)


def test_words_from_headers_are_hidden_in_what_is_said_as_whole_words(tmp_path: Path) -> None:
    secrets = read(tmp_path, HEADERS, {}).secrets
    said = secrets.mask_said("--header=X-Custom: hunter2 locally local; hunter22")
    assert said == "--header=X-Custom: ${X_CUSTOM} locally ${X_MODE}; hunter22"
    assert secrets.mask("a local host") == "a local host"
    kept = secrets.masked({"headers": {"X-Custom": "hunter2"}, "function": "local"})
    assert kept == {"headers": {"X-Custom": "${X_CUSTOM}"}, "function": "local"}


def test_secrets_of_named_events_are_hidden_and_a_short_one_takes_no_others_place(
    tmp_path: Path,
) -> None:
    text = HEADERS.replace('X-Mode = "local"', 'X-Mode = "${MODE}"').replace(
        "memory_mb = 128", 'memory_mb = 128\nevent = ["login", "other"]'
    )
    text += '[events.login]\nevent = { password = "planted-1", id = "${ID}" }\n'
    text += "[events.other]\nevent = { a = 1 }\n"
    profile = read(tmp_path, text, {"MODE": "local", "ID": "planted-2"})
    written = tomllib.loads(resolved_toml(profile))
    assert written["target"]["kind"] == "local"
    assert written["target"]["headers"]["X-Mode"] == "${MODE}"
    assert written["events"]["login"]["event"] == {"password": "${PASSWORD}", "id": "${ID}"}
