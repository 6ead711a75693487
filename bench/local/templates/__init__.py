"""Functions as a template of SAM, CloudFormation or the Serverless Framework declares them."""

from __future__ import annotations

from pathlib import Path

from bench.errors import UsageError
from bench.local.templates import cloudformation, serverless
from bench.local.templates.declared import Template
from bench.local.templates.document import load


def read_template(path: Path) -> Template:
    """What a template says of its functions, and what of it is passed over.

    Raises UsageError for a file that cannot be read, and for one without any function.
    """
    document = load(path)
    if not isinstance(document, dict):
        raise UsageError(f"{path} is no mapping, as templates are")
    if isinstance(document.get("Resources"), dict):
        template = cloudformation.read(document, path)
    elif isinstance(document.get("functions"), dict):
        template = serverless.read(document, path)
    else:
        raise UsageError(
            f"{path} is no template of functions: it has neither Resources (SAM, CloudFormation) "
            "nor functions (Serverless Framework)"
        )
    if not template.sources:
        reasons = "; ".join(template.passed_over)
        raise UsageError(
            f"{path} has no function that can be served{': ' * bool(reasons)}{reasons}"
        )
    return template
