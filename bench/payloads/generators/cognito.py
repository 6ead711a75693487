"""Amazon Cognito user pool triggers. Cognito gives a function five seconds."""

from __future__ import annotations

from random import Random
from typing import Any

from bench.payloads.generators.base import (
    REGION,
    Generator,
    GeneratorOption,
    Options,
    shown,
    uuid_of,
)

_TRIGGERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "PreSignUp_SignUp": (
        {"validationData": None},
        {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    ),
    "PostConfirmation_ConfirmSignUp": ({}, {}),
    "PreAuthentication_Authentication": ({"validationData": None, "userNotFound": False}, {}),
    "PostAuthentication_Authentication": ({"newDeviceUsed": False}, {}),
    "PreTokenGeneration_Authentication": (
        {"groupConfiguration": {"groupsToOverride": [], "iamRolesToOverride": []}},
        {"claimsOverrideDetails": None},
    ),
    "CustomMessage_SignUp": (
        {"codeParameter": "{####}", "usernameParameter": None},
        {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    ),
    "DefineAuthChallenge_Authentication": (
        {"session": [], "userNotFound": False},
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    ),
    "CreateAuthChallenge_Authentication": (
        {"challengeName": "CUSTOM_CHALLENGE", "session": [], "userNotFound": False},
        {
            "publicChallengeParameters": None,
            "privateChallengeParameters": None,
            "challengeMetadata": None,
        },
    ),
    "VerifyAuthChallengeResponse_Authentication": (
        {
            "privateChallengeParameters": {"answer": "lamload"},
            "challengeAnswer": "lamload",
            "userNotFound": False,
        },
        {"answerCorrect": None},
    ),
}
"""By trigger source: what its request has beside userAttributes, and its empty response."""

_TYPES: dict[str, type] = {
    "answerCorrect": bool,
    "autoConfirmUser": bool,
    "autoVerifyEmail": bool,
    "autoVerifyPhone": bool,
    "challengeMetadata": str,
    "challengeName": str,
    "claimsOverrideDetails": dict,
    "emailMessage": str,
    "emailSubject": str,
    "failAuthentication": bool,
    "issueTokens": bool,
    "privateChallengeParameters": dict,
    "publicChallengeParameters": dict,
    "smsMessage": str,
}
_REQUIRED = {
    "CreateAuthChallenge_Authentication": (
        "publicChallengeParameters",
        "privateChallengeParameters",
    ),
    "DefineAuthChallenge_Authentication": ("issueTokens", "failAuthentication"),
    "VerifyAuthChallengeResponse_Authentication": ("answerCorrect",),
}
"""What the function has to fill in, by trigger; elsewhere everything may stay as it is."""
_KEPT = ("version", "triggerSource", "region", "userPoolId", "userName", "callerContext", "request")


def _make(random: Random, index: int, options: Options) -> Any:
    extra, response = _TRIGGERS[options["trigger"]]
    user = uuid_of(random)
    attributes = {
        "sub": user,
        "email": f"user{index}@example.com",
        "email_verified": "true",
        "cognito:user_status": "CONFIRMED",
    }
    return {
        "version": "1",
        "triggerSource": options["trigger"],
        "region": REGION,
        "userPoolId": f"{REGION}_lamload01",
        "userName": user,
        "callerContext": {
            "awsSdkVersion": "aws-sdk-unknown-unknown",
            "clientId": "lamload0client0id0000000",
        },
        "request": {"userAttributes": attributes, **extra},
        "response": dict(response),
    }


def _check(event: Any, response: Any, _options: Options) -> str | None:
    if not isinstance(response, dict):
        return f"the response must be the event, an object (it is {shown(response)})"
    for name in _KEPT:
        if name not in response:
            return f"{name} is missing: the response must be the event with `response` filled in"
    for name in ("triggerSource", "userPoolId", "userName"):
        if response[name] != event[name]:
            return f"{name} must stay {event[name]!r} (it is {shown(response[name])})"
    filled = response.get("response")
    if not isinstance(filled, dict):
        return f"response must be an object (it is {shown(filled)})"
    return _check_filled(event["triggerSource"], filled)


def _check_filled(trigger: str, filled: dict[str, Any]) -> str | None:
    for name, value in filled.items():
        wanted = _TYPES.get(name)
        if wanted is not None and value is not None and not isinstance(value, wanted):
            words = {bool: "true or false", str: "text", dict: "an object"}
            return f"response.{name} must be {words[wanted]} (it is {shown(value)})"
    for name in _REQUIRED.get(trigger, ()):
        if filled.get(name) is None:
            return f"response.{name} must be filled in for {trigger}"
    return None


GENERATOR = Generator(
    "cognito",
    "an Amazon Cognito user pool trigger",
    {"trigger": GeneratorOption("PreSignUp_SignUp", "trigger source", choices=tuple(_TRIGGERS))},
    check=_check,
    make=_make,
)
