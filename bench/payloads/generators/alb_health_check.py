"""The health check of an Application Load Balancer: off by default, billed like any invocation."""

from __future__ import annotations

from typing import Any

from bench.payloads.generators.base import (
    ACCOUNT,
    REGION,
    Generator,
    GeneratorOption,
    Options,
    shown,
)


def _few(options: Options) -> list[Any]:
    group = f"targetgroup/{options['target_group']}/6d0ecf831eec9f09"
    arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{group}"
    multi = options["multi_value"]
    headers = {"user-agent": "ELB-HealthChecker/2.0"}
    event = {
        "requestContext": {"elb": {"targetGroupArn": arn}},
        "httpMethod": "GET",
        "path": options["path"],
        **(
            {
                "multiValueQueryStringParameters": {},
                "multiValueHeaders": {name: [value] for name, value in headers.items()},
            }
            if multi
            else {"queryStringParameters": {}, "headers": headers}
        ),
        "body": "",
        "isBase64Encoded": False,
    }
    return [event]


def _check(_event: Any, response: Any, options: Options) -> str | None:
    if not isinstance(response, dict):
        return f"the response must be an object (it is {shown(response)})"
    status = response.get("statusCode")
    if isinstance(status, bool) or not isinstance(status, int):
        return f"statusCode must be a number (it is {shown(status)})"
    if not isinstance(response.get("body", ""), str | None):
        return f"body must be text (it is {shown(response['body'])})"
    if not isinstance(response.get("isBase64Encoded", False), bool):
        return f"isBase64Encoded must be true or false (it is {shown(response['isBase64Encoded'])})"
    problem = _check_headers(response, options["multi_value"])
    if problem is None and status != options["matcher"]:
        return f"statusCode {status} marks the target unhealthy (healthy is {options['matcher']})"
    return problem


def _check_headers(response: dict[str, Any], multi: bool) -> str | None:
    if multi and "multiValueHeaders" not in response:
        return "multiValueHeaders is missing, which multi-value mode requires"
    name = "multiValueHeaders" if multi else "headers"
    headers = response.get(name) or {}
    if not isinstance(headers, dict):
        return f"{name} must be an object (it is {shown(headers)})"
    for key, value in headers.items():
        values = value if multi and isinstance(value, list) else [value]
        if multi is not isinstance(value, list) or not all(isinstance(v, str) for v in values):
            wanted = "a list of texts" if multi else "text"
            return f"{name}.{key} must be {wanted} (it is {shown(value)})"
    return None


GENERATOR = Generator(
    "alb-health-check",
    "the health check of an Application Load Balancer",
    {
        "path": GeneratorOption("/", "path that is checked"),
        "target_group": GeneratorOption("lamload", "name of the target group"),
        "multi_value": GeneratorOption(False, "multi-value headers are on"),
        "matcher": GeneratorOption(200, "status of a healthy target", least=200, most=499),
    },
    check=_check,
    few=_few,
)
