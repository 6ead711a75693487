"""What counts as a secret, and that nothing of it is left in a text."""

from __future__ import annotations

import pytest

from bench.model.secrets import Secrets, is_secret_name, random_parts, secret_parts


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "apikey"),
        *("X-Amz-Security-Token", "DB_PASSWORD", "dbPassword", "AWS_SECRET_ACCESS_KEY", "token"),
        *("accessToken", "client_secret", "sig", "X-Amz-Signature", "DATABASE_URL", "code-passwd"),
        *("x-functions-key", "SESSION_ID", "authToken", "privateKey", "DB_PASS", "X-Bearer"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["Content-Type", "author", "STAGE", "key", "keyboard", "n", "Accept", "passed"],
)
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Bearer abcdefgh12345", "abcdefgh12345"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("postgres://me:hunter22@db/x", "hunter22"),
    ],
)
def test_secrets_are_known_by_their_form(text: str, part: str) -> None:
    assert secret_parts(f"say {text} now") == [part]
    assert secret_parts("nothing of the kind, https://a.b/c?d=e") == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]),
        ("k=9f86d081884c7d659a2feaa0c55ad015", ["9f86d081884c7d659a2feaa0c55ad015"]),
        ("arn:aws:lambda:eu-central-1:123456789012:function:aB3", []),
        ("/srv/Data2024/SomeLongFolderName/file", []),
        ("20241128163000123456789012", []),
        ("application/vnd.company2.something+json", []),
    ],
)
def test_words_that_nobody_has_made_up(text: str, parts: list[str]) -> None:
    assert random_parts(text) == parts


def test_a_secret_goes_in_every_form_that_it_can_come_back_in() -> None:
    secrets = Secrets.of([('p@ss "word"', "${A}"), ("p%40ssword", "${B}")])
    assert secrets.mask('say p@ss "word" twice') == "say ${A} twice"
    assert secrets.mask(r'{"x": "p@ss \"word\""}') == '{"x": "${A}"}'
    assert secrets.mask("?q=p%40ss%20%22word%22") == "?q=${A}"
    assert secrets.mask("p@ssword and p%40ssword") == "${B} and ${B}"


def test_short_and_plain_words_are_hidden_where_they_are_the_whole_alone() -> None:
    secrets = Secrets.of([("abc", "${A}"), ("true", "${B}"), ("", "${C}")])
    assert secrets.masked(["abc", "abcde", "true", ""]) == ["${A}", "abcde", "true", ""]


def test_the_longer_secret_goes_first() -> None:
    secrets = Secrets.of([("secret", "${A}"), ("secret-longer", "${B}")])
    assert secrets.masked({"a": ("secret-longer", 1, None)}) == {"a": ["${B}", 1, None]}
    assert "secret" not in repr(secrets)
