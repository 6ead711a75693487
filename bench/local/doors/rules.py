"""What each door forgives in a function's answer, and what it fills in: a row a door.

The doors look alike and are not: what passes at API Gateway is a 502 behind a load balancer. Where
a row differs from its guide, users or AWS's own test tools have seen it on live doors.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.local.doors import unverified


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """nulls: keys and values that are there and null count as absent, else they are malformed.

    scalars: numbers and booleans may be header values. status_text: "200" is a status.
    base64_breaks: white space within base64 is passed over. json_bodies: a body may be an object
    or a list. content_type goes out where the answer names none.
    """

    nulls: bool
    scalars: bool
    status_text: bool
    base64_breaks: bool
    json_bodies: bool
    content_type: str


ALB = AnswerRules(
    nulls=False,
    scalars=False,
    status_text=False,
    base64_breaks=False,
    json_bodies=False,
    content_type=unverified.ALB_DEFAULT_CONTENT_TYPE,
)
REST = AnswerRules(
    nulls=True,
    scalars=True,
    status_text=True,
    base64_breaks=True,
    json_bodies=False,
    content_type="application/json",
)
HTTP_API = AnswerRules(
    nulls=True,
    scalars=True,
    status_text=True,
    base64_breaks=True,
    json_bodies=False,
    content_type="text/plain; charset=utf-8",
)
FUNCTION_URL = AnswerRules(
    nulls=True,
    scalars=True,
    status_text=True,
    base64_breaks=True,
    json_bodies=True,
    content_type="application/json",
)
EDGE = AnswerRules(
    nulls=True,
    scalars=False,
    status_text=True,
    base64_breaks=False,
    json_bodies=False,
    content_type="",
)
