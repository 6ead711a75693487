"""YAML with CloudFormation's short forms: `!Ref X` is read as its long form, `{Ref: X}`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from bench.errors import UsageError, cause_of

SIZE_LIMIT_BYTES = 1024 * 1024
"""CloudFormation's for a template."""


def load(path: Path) -> Any:
    """The document, JSON too. Raises UsageError with file and line."""
    try:
        yaml: Any = importlib.import_module("yaml")
    except ImportError:
        raise UsageError(
            "templates need PyYAML, which is not installed: pip install 'lamload[templates]'"
        ) from None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({cause_of(error)})") from None
    if len(content) > SIZE_LIMIT_BYTES:
        raise UsageError(f"{path}: a template has 1 MiB at most")
    try:
        return yaml.load(content, Loader=_loader(yaml))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}, line {mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "is no YAML"
        raise UsageError(f"{place}: {problem}") from None
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{path}: is no YAML ({error})") from None


def _loader(yaml: Any) -> Any:
    """PyYAML's safe loader, which takes every tag for one of CloudFormation's."""
    loader: Any = type("TemplateLoader", (yaml.SafeLoader,), {})

    def tagged(reading: Any, suffix: str, node: Any) -> dict[str, Any]:
        if isinstance(node, yaml.ScalarNode):
            value: Any = reading.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = reading.construct_sequence(node, deep=True)
        else:
            value = reading.construct_mapping(node, deep=True)
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}

    loader.add_multi_constructor("!", tagged)
    return loader
