"""A request to an Alexa custom skill."""

from __future__ import annotations

from random import Random
from typing import Any

from bench.payloads.generators.base import (
    Generator,
    GeneratorOption,
    Options,
    instant,
    iso,
    shown,
    uuid_of,
)

_SPEECH = {"PlainText": "text", "SSML": "ssml"}


def _make(random: Random, index: int, options: Options) -> Any:
    application = {"applicationId": f"amzn1.ask.skill.{options['skill']}"}
    user = {"userId": f"amzn1.ask.account.{random.getrandbits(160):040X}"}
    request: dict[str, Any] = {
        "type": options["request"],
        "requestId": f"amzn1.echo-api.request.{uuid_of(random)}",
        "timestamp": iso(instant(index)),
        "locale": options["locale"],
    }
    if options["request"] == "IntentRequest":
        request["dialogState"] = "STARTED"
        request["intent"] = {
            "name": options["intent"],
            "confirmationStatus": "NONE",
            "slots": {
                "number": {
                    "name": "number",
                    "value": str(random.randint(1, 100)),
                    "confirmationStatus": "NONE",
                }
            },
        }
    elif options["request"] == "SessionEndedRequest":
        request["reason"] = "USER_INITIATED"
    return {
        "version": "1.0",
        "session": {
            "new": True,
            "sessionId": f"amzn1.echo-api.session.{uuid_of(random)}",
            "application": application,
            "attributes": {},
            "user": user,
        },
        "context": {
            "System": {
                "application": application,
                "user": user,
                "device": {
                    "deviceId": f"amzn1.ask.device.{random.getrandbits(128):032X}",
                    "supportedInterfaces": {},
                },
                "apiEndpoint": "https://api.amazonalexa.com",
            }
        },
        "request": request,
    }


def _check(_event: Any, response: Any, _options: Options) -> str | None:
    if not isinstance(response, dict):
        return f"the response must be an object (it is {shown(response)})"
    if response.get("version") != "1.0":
        return f'version must be "1.0" (it is {shown(response.get("version"))})'
    said = response.get("response")
    if not isinstance(said, dict):
        return f"response must be an object (it is {shown(said)})"
    ends = said.get("shouldEndSession")
    if not isinstance(ends, bool | None):
        return f"response.shouldEndSession must be true or false (it is {shown(ends)})"
    reprompt = said.get("reprompt") or {}
    if not isinstance(reprompt, dict):
        return f"response.reprompt must be an object (it is {shown(reprompt)})"
    return _check_speech("response.outputSpeech", said.get("outputSpeech")) or _check_speech(
        "response.reprompt.outputSpeech", reprompt.get("outputSpeech")
    )


def _check_speech(name: str, speech: Any) -> str | None:
    if speech is None:
        return None
    kind = speech.get("type") if isinstance(speech, dict) else None
    if not isinstance(kind, str) or kind not in _SPEECH:
        return f"{name}.type must be PlainText or SSML (it is {shown(kind)})"
    words = _SPEECH[kind]
    if not isinstance(speech.get(words), str):
        return f"{name}.{words} is missing, which {kind} requires"
    return None


GENERATOR = Generator(
    "alexa",
    "a request to an Alexa custom skill",
    {
        "request": GeneratorOption(
            "IntentRequest",
            "type of request",
            choices=("IntentRequest", "LaunchRequest", "SessionEndedRequest"),
        ),
        "intent": GeneratorOption("GetFactIntent", "name of the intent"),
        "locale": GeneratorOption("en-US", "language and place"),
        "skill": GeneratorOption("00000000-0000-4000-8000-000000000000", "id of the skill"),
    },
    check=_check,
    make=_make,
)
