"""`"${NAME}"` in a profile: values from the environment, and secrets, which no file may keep.

What is written of a profile has `${NAME}` in place of each secret, so that it runs as it stands
wherever the environment has them; also where the profile itself had the secret in so many words.
`$${NAME}` means the text `${NAME}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from bench.errors import Problem
from bench.model.secrets import (
    HEADERS,
    SHORTEST,
    Secrets,
    is_secret_name,
    may_be_secret,
    random_parts,
    secret_parts,
)
from bench.schema.paths import joined, quoted

_REFERENCE = re.compile(r"\$(\$*)\{([A-Za-z_][A-Za-z0-9_]*)\}")
_JSON_PAIR = re.compile(r'"([^"\\]{1,64})"\s*:\s*"((?:[^"\\]|\\.)*)"')
_PASSWORD = re.compile(r"//[^/?#:]*:([^/?#]*)@")
_TABLES = ("target", "events", "connections")
"""Tables in which secrets are looked for."""
_SHORT = (HEADERS, "environment")
"""Tables below them whose values are names, settings and keys, and no data."""
_HOLD_SECRETS = re.compile(
    r"target\.(headers|environment|urls?|path|event\w*|client_context)\b|events\.|"
    r"connections\.proxy$"
)
"""Keys of which every value from the environment counts as a secret."""


def references_in(text: str) -> list[str]:
    """Names of the variables that a text takes something from, each once."""
    return list(dict.fromkeys(name for escapes, name in _REFERENCE.findall(text) if not escapes))


class AsWritten(Mapping[str, str]):
    """An environment that has everything: what it lacks stays a reference."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        return self._environ.get(name, f"${{{name}}}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


class FromEnvironment:
    """What a document has of the environment and of secrets."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[Problem] = []
        self.written: dict[str, str] = {}
        """By a text as it was read: as it was written, with its references."""
        self._found: list[tuple[str, str]] = []
        self._names: dict[str, str] = {}

    def expanded(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document with values in the place of references; it stays as it is itself."""
        return {name: self._expanded(value, quoted(name)) for name, value in document.items()}

    def secrets(self, document: Mapping[str, Any]) -> Secrets:
        """Those of an expanded document."""
        for table in _TABLES:
            self._collect(table, document.get(table))
        known = Secrets.of(self._found)
        return replace(known, headers=self._in_headers(document, known))

    # -- references

    def _expanded(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {
                key: self._expanded(item, joined(path, quoted(key))) for key, item in value.items()
            }
        if isinstance(value, list):
            return [self._expanded(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return self._text(value, path) if isinstance(value, str) and "${" in value else value

    def _text(self, text: str, path: str) -> str:
        secret: list[str] = []

        def value_of(found: re.Match[str]) -> str:
            escapes, name = found[1], found[2]
            if escapes:
                return f"{escapes}{{{name}}}"
            if self._environ.get(name) is None:
                self.problems.append(
                    Problem(
                        path,
                        f"needs the environment variable {name}, which is not set "
                        f"(to mean the text ${{{name}}}, write $${{{name}}})",
                    )
                )
                return ""
            value = self._environ[name]
            if _HOLD_SECRETS.match(path) or is_secret_name(name):
                self._found.append((value, f"${{{name}}}"))
                secret.append(name)
            return value

        expanded = _REFERENCE.sub(value_of, text)
        if secret:
            self.written[expanded] = text
        return expanded

    # -- secrets in so many words

    def _collect(self, name: str, value: Any, *, is_short: bool = False) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                self._collect(str(key), item, is_short=is_short or key in _SHORT)
        elif isinstance(value, list):
            for item in value:
                self._collect(name, item, is_short=is_short)
        elif isinstance(value, str) and value not in self.written:
            for key, secret in _secrets_in(name, value):
                self._keep(key, secret)
            for secret in random_parts(value) if is_short else ():
                self._keep(name, secret)

    def _in_headers(self, document: Mapping[str, Any], known: Secrets) -> dict[str, str]:
        """What stands for the values of headers that are not known for secrets, and may be some."""
        target = document.get("target")
        headers = target.get(HEADERS) if isinstance(target, dict) else None
        return {
            value: f"${{{self._variable(name, value)}}}"
            for name, value in (headers.items() if isinstance(headers, dict) else ())
            if isinstance(value, str)
            and value not in self.written
            and known.mask(value) == value
            and may_be_secret(name, value)
        }

    def _keep(self, name: str, secret: str) -> None:
        if not any(secret == value for value, _ in self._found):
            self._found.append((secret, f"${{{self._variable(name, secret)}}}"))

    def _variable(self, name: str, secret: str) -> str:
        """A name for a secret, its own; another number for another value of the name."""
        base = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").upper() or "SECRET"
        base = base if not base[0].isdigit() else f"_{base}"
        number = 1
        while self._names.setdefault(base if number == 1 else f"{base}_{number}", secret) != secret:
            number += 1
        return base if number == 1 else f"{base}_{number}"


def _secrets_in(name: str, text: str) -> Iterator[tuple[str, str]]:
    """(name, secret) pairs of a text that stands under a name."""
    if is_secret_name(name):
        yield name, text
    if name == "proxy":
        yield from (("proxy_password", found) for found in _PASSWORD.findall(text))
    if "?" in text:
        query = text.partition("?")[2].partition("#")[0]
        for key, value in parse_qsl(query):
            if is_secret_name(key) or random_parts(value):
                yield key, _as_sent(query, key) or value
    for key, value in _JSON_PAIR.findall(text):
        if is_secret_name(key):
            yield key, value
    for part in secret_parts(text):
        yield name, part


def _as_sent(query: str, key: str) -> str:
    """A parameter's value with the escapes that the URL has."""
    pairs = (part.partition("=") for part in query.split("&"))
    return next((value for name, _, value in pairs if name == key), "")


def unexpanded(document: Any, written: Mapping[str, str], secrets: Secrets, path: str = "") -> Any:
    """A document as it may be written: references as they were, secrets as references.

    A short one is looked for where secrets stand, and nowhere else: `local` is also a kind.
    """
    if isinstance(document, Mapping):
        return {
            key: {name: _header(text, written, secrets) for name, text in value.items()}
            if key == HEADERS and isinstance(value, Mapping)
            else unexpanded(value, written, secrets, joined(path, quoted(key)) if path else key)
            for key, value in document.items()
        }
    if isinstance(document, list | tuple):
        return [unexpanded(value, written, secrets, path) for value in document]
    if not isinstance(document, str):
        return document
    if len(document) < SHORTEST and not _HOLD_SECRETS.match(path):
        return _escaped(document)
    if document in written:
        return secrets.mask(written[document])
    return secrets.mask(_escaped(document))


def _escaped(text: str) -> str:
    return _REFERENCE.sub(r"$\g<0>", text)


def _header(text: Any, written: Mapping[str, str], secrets: Secrets) -> Any:
    hidden = secrets.headers.get(text) if isinstance(text, str) else None
    return hidden or unexpanded(text, written, secrets, f"target.{HEADERS}")
