"""template.yaml: functions of SAM and CloudFormation. Source: the SAM specification."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.local.model import ACCOUNT_ID, REGION
from bench.local.options import FunctionSource, Route
from bench.local.templates.declared import DeclaredFunction, Template, Unresolved, source

SERVERLESS_FUNCTION = "AWS::Serverless::Function"
LAMBDA_FUNCTION = "AWS::Lambda::Function"
PSEUDO = {
    "AWS::AccountId": ACCOUNT_ID,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "lamload-local",
    "AWS::URLSuffix": "amazonaws.com",
}
SERVED = frozenset(
    {
        "Code",
        "CodeUri",
        "Description",
        "Environment",
        "Events",
        "FunctionName",
        "Handler",
        "MemorySize",
        "PackageType",
        "Role",
        "Runtime",
        "Tags",
        "Timeout",
    }
)
"""Properties that have their effect, or that none would be noticed of."""
_KINDS = {"Api": "rest", "HttpApi": "http-api"}
_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


def read(document: dict[str, Any], path: Path) -> Template:
    """The functions of a template, and what is passed over of it."""
    values = _IntrinsicFunctions(document)
    sources: list[FunctionSource] = []
    passed_over: list[str] = []
    for name, resource in document["Resources"].items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind not in (SERVERLESS_FUNCTION, LAMBDA_FUNCTION):
            continue
        try:
            sources.append(source(_declared(name, resource, values, path), passed_over))
            passed_over += _unused(name, resource.get("Properties") or {}, values.globals)
        except UsageError as error:
            passed_over.append(f"function {name}: {error}")
    return Template(tuple(sources), (*passed_over, *_others(document)))


def _declared(
    name: str, resource: dict[str, Any], values: _IntrinsicFunctions, path: Path
) -> DeclaredFunction:
    given = resource.get("Properties") or {}
    if not isinstance(given, dict):
        raise UsageError("its Properties are no mapping")
    properties = {**values.globals, **given}
    if properties.get("PackageType") == "Image" or "ImageUri" in properties:
        raise UsageError("it is a container image, which is not run here")
    code = values.of(properties.get("CodeUri", properties.get("Code", ".")))
    if not isinstance(code, str) or code.startswith("s3:") or "InlineCode" in properties:
        raise UsageError("its code is no folder beside the template")
    named = values.of(properties.get("FunctionName"))
    return DeclaredFunction(
        named if isinstance(named, str) else name,
        (path.parent / code).resolve(),
        values.of(properties.get("Handler")),
        values.of(properties.get("Runtime")),
        values.of(properties.get("MemorySize")),
        values.of(properties.get("Timeout")),
        values.variables(values.globals) | values.variables(given),
        tuple(_routes(properties, values)),
    )


def _unused(name: str, properties: dict[str, Any], common: dict[str, Any]) -> Iterator[str]:
    """What is said of a function and has no effect here."""
    if keys := sorted((properties.keys() | common.keys()) - SERVED):
        yield f"{name}: {', '.join(keys)}"
    events = properties.get("Events")
    kinds = {
        str(event.get("Type"))
        for event in (events.values() if isinstance(events, dict) else ())
        if isinstance(event, dict)
    }
    if others := sorted(kinds - _KINDS.keys()):
        yield f"{name}: events of type {', '.join(others)}"


def _routes(properties: dict[str, Any], values: _IntrinsicFunctions) -> Iterator[Route]:
    events = properties.get("Events")
    for event in events.values() if isinstance(events, dict) else ():
        kind = _KINDS.get(str(event.get("Type"))) if isinstance(event, dict) else None
        if kind is None:
            continue
        said = event.get("Properties") or {}
        place = values.of(said.get("Path", "$default"))
        method = values.of(said.get("Method", "ANY"))
        if isinstance(method, str) and isinstance(place, str):
            yield Route(kind, "ANY" if method == "*" else method.upper(), place)


def _others(document: dict[str, Any]) -> Iterator[str]:
    """What a template has beside functions, by type."""
    served = (SERVERLESS_FUNCTION, LAMBDA_FUNCTION)
    kinds = {
        str(resource.get("Type"))
        for resource in document["Resources"].values()
        if isinstance(resource, dict) and resource.get("Type") not in served
    }
    if kinds:
        yield f"resources of type {', '.join(sorted(kinds))}"


class _IntrinsicFunctions:
    """Resolves intrinsic functions, as far as the template alone says what they are."""

    def __init__(self, document: dict[str, Any]) -> None:
        parameters = document.get("Parameters")
        self._parameters = parameters if isinstance(parameters, dict) else {}
        self._resources: dict[str, Any] = document["Resources"]
        common = document.get("Globals")
        function = common.get("Function") if isinstance(common, dict) else None
        self.globals: dict[str, Any] = function if isinstance(function, dict) else {}

    def variables(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Environment variables of a function, or of all."""
        environment = properties.get("Environment")
        held = environment.get("Variables") if isinstance(environment, dict) else None
        return {name: self.of(value) for name, value in held.items()} if held else {}

    def of(self, value: Any) -> Any:
        """A value, or an Unresolved."""
        if not isinstance(value, dict) or len(value) != 1:
            return value
        ((kind, of),) = value.items()
        if kind == "Ref" and isinstance(of, str):
            return self._reference(of)
        if kind == "Fn::Sub":
            return self._substituted(of)
        if kind == "Fn::GetAtt" and isinstance(of, list) and len(of) == 2:
            return self._attribute(*of)
        return Unresolved(kind.replace("Fn::", "!")) if kind.startswith("Fn::") else value

    def _reference(self, name: str) -> Any:
        if name in PSEUDO:
            return PSEUDO[name]
        parameter = self._parameters.get(name)
        if isinstance(parameter, dict) and "Default" in parameter:
            return parameter["Default"]
        return self._name(name) or Unresolved(f"!Ref {name}")

    def _name(self, resource: Any) -> str | None:
        """The name of a function of this template."""
        held = self._resources.get(resource)
        if not isinstance(held, dict) or held.get("Type") not in (
            SERVERLESS_FUNCTION,
            LAMBDA_FUNCTION,
        ):
            return None
        named = self.of((held.get("Properties") or {}).get("FunctionName"))
        return named if isinstance(named, str) else str(resource)

    def _attribute(self, resource: Any, attribute: Any) -> Any:
        name = self._name(resource)
        if name is None or attribute != "Arn":
            return Unresolved(f"!GetAtt {resource}.{attribute}")
        return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"

    def _substituted(self, of: Any) -> Any:
        text, own = (of[0], of[1]) if isinstance(of, list) and len(of) == 2 else (of, {})
        if not isinstance(text, str) or not isinstance(own, dict):
            return Unresolved("!Sub")
        unresolved = False

        def value(match: re.Match[str]) -> str:
            nonlocal unresolved
            name = match[1]
            resource, dot, attribute = name.partition(".")
            found = self.of(own[name]) if name in own else None
            if found is None:
                found = self._attribute(resource, attribute) if dot else self._reference(name)
            unresolved = unresolved or isinstance(found, Unresolved)
            return str(found)

        made = _VARIABLE.sub(value, text)
        return Unresolved(f"!Sub {text}") if unresolved else made.replace("${!", "${")
