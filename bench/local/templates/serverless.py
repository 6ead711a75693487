"""serverless.yml: functions of the Serverless Framework. Source: its guide, "Serverless.yml
Reference" and "Variables"."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.local.model import ACCOUNT_ID, REGION
from bench.local.options import FunctionSource, Route
from bench.local.templates.declared import DeclaredFunction, Template, Unresolved, source

_VARIABLE = re.compile(r"\$\{([^${}]*)\}")
DEPTH = 10
"""Variables within what variables stand for, at most."""
SERVED = frozenset(
    {"configValidationMode", "frameworkVersion", "functions", "org", "app", "provider", "service"}
)

FUNCTION_KEYS = frozenset(
    {
        "description",
        "environment",
        "events",
        "handler",
        "memorySize",
        "name",
        "runtime",
        "tags",
        "timeout",
    }
)


def read(document: dict[str, Any], path: Path, environ: Mapping[str, str] = os.environ) -> Template:
    """The functions of a service, and what is passed over of it."""
    values = _Variables(document, environ)
    sources: list[FunctionSource] = []
    passed_over: list[str] = []
    for key, function in document["functions"].items():
        try:
            if not isinstance(function, dict):
                raise UsageError("it is no mapping")
            sources.append(source(_declared(str(key), function, values, path), passed_over))
            passed_over += _unused(str(key), function)
        except UsageError as error:
            passed_over.append(f"function {key}: {error}")
    others = sorted(str(key) for key in document.keys() - SERVED)
    if others:
        passed_over.append(f"sections {', '.join(others)}")
    return Template(tuple(sources), tuple(passed_over))


def _declared(
    key: str, function: dict[str, Any], values: _Variables, path: Path
) -> DeclaredFunction:
    if "image" in function:
        raise UsageError("it is a container image, which is not run here")
    named = values.of(function.get("name")) or values.of(f"${{self:service}}-{values.stage}-{key}")
    provider = values.provider

    def either(name: str) -> Any:
        return values.of(function.get(name, provider.get(name)))

    return DeclaredFunction(
        named if isinstance(named, str) else key,
        path.parent.resolve(),
        values.of(function.get("handler")),
        either("runtime"),
        either("memorySize"),
        either("timeout"),
        values.variables(provider) | values.variables(function),
        tuple(_routes(function, values)),
    )


def _unused(key: str, function: dict[str, Any]) -> Iterator[str]:
    """What is said of a function and has no effect here."""
    if keys := sorted(str(name) for name in function.keys() - FUNCTION_KEYS):
        yield f"{key}: {', '.join(keys)}"
    events = function.get("events")
    kinds = {
        str(name)
        for event in (events if isinstance(events, list) else ())
        for name in (event if isinstance(event, dict) else (event,))
    }
    if others := sorted(kinds - {"http", "httpApi"}):
        yield f"{key}: events of type {', '.join(others)}"


def _routes(function: dict[str, Any], values: _Variables) -> Iterator[Route]:
    events = function.get("events")
    for event in events if isinstance(events, list) else ():
        for name, kind in (("httpApi", "http-api"), ("http", "rest")):
            said = event.get(name) if isinstance(event, dict) else None
            if isinstance(said, str):
                method, _, place = said.partition(" ")
                said = {"method": method, "path": place or "$default"}
            if not isinstance(said, dict):
                continue
            method, place = values.of(said.get("method", "any")), values.of(said.get("path", "/"))
            if isinstance(method, str) and isinstance(place, str):
                place = place if place == "$default" else f"/{place.lstrip('/')}"
                yield Route(kind, "ANY" if method == "*" else method.upper(), place)


class _Variables:
    """Resolves variables, as far as this file and the environment say what they are."""

    def __init__(self, document: dict[str, Any], environ: Mapping[str, str]) -> None:
        self._document = document
        self._environ = environ
        provider = document.get("provider")
        self.provider: dict[str, Any] = provider if isinstance(provider, dict) else {}
        stage = self.of(self.provider.get("stage", "dev"))
        self.stage = stage if isinstance(stage, str) else "dev"

    def variables(self, section: dict[str, Any]) -> dict[str, Any]:
        """Environment variables of a function, or of all."""
        held = section.get("environment")
        return {n: self.of(value) for n, value in held.items()} if isinstance(held, dict) else {}

    def of(self, value: Any) -> Any:
        """A value, or an Unresolved."""
        found = value
        for _ in range(DEPTH):
            if not isinstance(found, str) or not (match := _VARIABLE.search(found)):
                break
            inner = self._variable(match[1])
            if inner is None:
                return Unresolved(str(value))
            whole = match[0] == found
            found = inner if whole else found.replace(match[0], str(inner))
        is_plain = not isinstance(found, dict | list)
        return found if is_plain and "${" not in str(found) else Unresolved(str(value)[:80])

    def _variable(self, text: str) -> Any:
        """What a variable stands for: the first of its alternatives that is known; None: none."""
        for part in text.split(","):
            found = self._alternative(part.strip())
            if found is not None:
                return found
        return None

    def _alternative(self, text: str) -> Any:
        if text[:1] in ("'", '"'):
            return text.strip("'\"")
        kind, _, name = text.partition(":")
        if kind == "self":
            return self._own(name)
        if kind == "env":
            return self._environ.get(name)
        known = {
            "sls:stage": self._stage_written(),
            "aws:region": REGION,
            "aws:accountId": ACCOUNT_ID,
        }
        return known.get(text)

    def _stage_written(self) -> Any:
        return self.provider.get("stage", "dev")

    def _own(self, name: str) -> Any:
        found: Any = self._document
        for key in name.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict) and name == "service":
            return found.get("name")
        return found
