"""What `lamload local` says once it serves: lines to paste into a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

from bench.lambda_facts import (
    EXECUTION_CONTENT_TYPE,
    EXECUTION_TARGET,
    INVOKE_PREFIX,
    INVOKE_SUFFIX,
    TARGET_HEADER,
)
from bench.local.options import LOCAL_ACCESS_KEY, LOCAL_SECRET_KEY
from bench.model.endpoint import EndpointKind

EXAMPLES: dict[str, dict[str, Any]] = {
    "primes": {"n": 20000},
    "sleeper": {"ms": 50},
    "flaky": {"probability": 0.1, "seed": 1},
}
"""Events for the bundled functions; any other gets an empty one."""
KEYS = f"AWS_ACCESS_KEY_ID={LOCAL_ACCESS_KEY} AWS_SECRET_ACCESS_KEY={LOCAL_SECRET_KEY}"
SIGV4 = f"--aws-sigv4 aws:amz:{{region}}:{{service}} --user {LOCAL_ACCESS_KEY}:{LOCAL_SECRET_KEY}"


def story(document: dict[str, Any]) -> str:
    """The text for people: every function, size and door with a line that calls it."""
    lines = [
        f"The embedded Lambda serves {document['invoke_url']} (region {document['region']}, "
        f"account {document['account']}); control port {document['control_url']}, "
        f"token {document['control_token']}.",
        *document["notes"],
        *(f"All routes of the template: {url} ({kind})" for kind, url in document["apis"].items()),
        "Ctrl-C ends it.",
    ]
    for function in document["functions"]:
        lines += ["", f"# {function['name']} with {function['memory_mb']} MB"]
        lines += [f"# its template has {route}" for route in function["routes"]]
        lines += _lines(document, function)
    return "\n".join(lines)


def _lines(document: dict[str, Any], function: dict[str, Any]) -> Iterator[str]:
    event = json.dumps(EXAMPLES.get(function["name"], {}))
    yield _aws(document, function, event)
    yield _curl_invoke(document, function, event)
    for door, url in function["urls"].items():
        yield _curl_door(document, function, door, url, event)


def _aws(document: dict[str, Any], function: dict[str, Any], event: str) -> str:
    """fileb:// takes the event as it stands in both versions of the CLI."""
    return (
        f"echo {shlex.quote(event)} | {KEYS} aws lambda invoke "
        f"--endpoint-url {document['invoke_url']} --region {document['region']} "
        f"--function-name {function['name']} --qualifier {function['qualifier']} "
        "--payload fileb:///dev/stdin /dev/stdout"
    )


def _curl_invoke(document: dict[str, Any], function: dict[str, Any], event: str) -> str:
    url = (
        f"{document['invoke_url']}{INVOKE_PREFIX}{function['name']}{INVOKE_SUFFIX}"
        f"?Qualifier={function['qualifier']}"
    )
    sigv4 = SIGV4.format(region=document["region"], service="lambda")
    return f"curl {sigv4} -d {shlex.quote(event)} {shlex.quote(url)}"


def _curl_door(
    document: dict[str, Any], function: dict[str, Any], door: str, url: str, event: str
) -> str:
    if door == EndpointKind.STEP_FUNCTIONS:
        machine = f"arn:aws:states:{document['region']}:{document['account']}:stateMachine:"
        machine_name = f"{function['name']}.{function['qualifier']}"
        body = {"stateMachineArn": machine + machine_name, "input": event}
        sigv4 = SIGV4.format(region=document["region"], service="states")
        return (
            f"curl {sigv4} -H '{TARGET_HEADER}: {EXECUTION_TARGET}' "
            f"-H 'Content-Type: {EXECUTION_CONTENT_TYPE}' "
            f"-d {shlex.quote(json.dumps(body))} {url}  # {door}"
        )
    return (
        f"curl -H 'Content-Type: application/json' -d {shlex.quote(event)} {shlex.quote(url)}"
        f"  # {door}"
    )
