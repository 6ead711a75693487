"""A code hook of an Amazon Lex V2 bot."""

from __future__ import annotations

from random import Random
from typing import Any

from bench.payloads.generators.base import Generator, GeneratorOption, Options, shown, uuid_of

ACTIONS = ("Close", "ConfirmIntent", "Delegate", "ElicitIntent", "ElicitSlot")
STATES = (
    "Failed",
    "Fulfilled",
    "FulfillmentInProgress",
    "InProgress",
    "ReadyForFulfillment",
    "Waiting",
)
CONTENT_TYPES = ("CustomPayload", "ImageResponseCard", "PlainText", "SSML")
_CITIES = ("Berlin", "Dublin", "Lisbon", "Oslo", "Tokyo", "Toronto")


def _make(random: Random, _index: int, options: Options) -> Any:
    city, nights = random.choice(_CITIES), random.randint(1, 14)
    intent = {
        "name": options["intent"],
        "slots": {
            "Location": _slot(city),
            "Nights": _slot(str(nights)),
        },
        "state": "ReadyForFulfillment" if _fulfils(options) else "InProgress",
        "confirmationState": "None",
    }
    return {
        "messageVersion": "1.0",
        "invocationSource": options["source"],
        "inputMode": "Text",
        "responseContentType": "text/plain; charset=utf-8",
        "sessionId": f"{random.randrange(10**15):015d}",
        "inputTranscript": f"a hotel in {city} for {nights} nights",
        "bot": {
            "id": "LAMLOADBOT",
            "name": "lamload",
            "aliasId": "TSTALIASID",
            "aliasName": "TestBotAlias",
            "localeId": "en_US",
            "version": "DRAFT",
        },
        "interpretations": [
            {"intent": intent, "nluConfidence": 0.9, "interpretationSource": "Lex"}
        ],
        "proposedNextState": None,
        "requestAttributes": {},
        "sessionState": {
            "intent": intent,
            "sessionAttributes": {},
            "originatingRequestId": uuid_of(random),
        },
    }


def _fulfils(options: Options) -> bool:
    return bool(options["source"] == "FulfillmentCodeHook")


def _slot(text: str) -> dict[str, Any]:
    value = {"originalValue": text, "interpretedValue": text, "resolvedValues": [text]}
    return {"shape": "Scalar", "value": value}


def _check(_event: Any, response: Any, _options: Options) -> str | None:
    state = response.get("sessionState") if isinstance(response, dict) else None
    if not isinstance(state, dict):
        return "sessionState is missing"
    action = state.get("dialogAction")
    kind = action.get("type") if isinstance(action, dict) else None
    if not isinstance(action, dict) or kind not in ACTIONS:
        return f"dialogAction.type must be one of {', '.join(ACTIONS)} (it is {shown(kind)})"
    if kind == "ElicitSlot" and not isinstance(action.get("slotToElicit"), str):
        return "dialogAction.slotToElicit is missing, which ElicitSlot requires"
    if kind != "ElicitIntent":
        problem = _check_intent(state.get("intent"), kind)
        if problem is not None:
            return problem
    return _check_messages(response.get("messages"), kind)


def _check_intent(intent: Any, kind: str) -> str | None:
    if not isinstance(intent, dict) or not isinstance(intent.get("name"), str):
        return f"sessionState.intent with a name is missing, which {kind} requires"
    state = intent.get("state")
    if state is not None and state not in STATES:
        return (
            f"sessionState.intent.state must be one of {', '.join(STATES)} (it is {shown(state)})"
        )
    return None


def _check_messages(messages: Any, kind: str) -> str | None:
    if messages is None:
        return (
            "messages is missing, which ElicitIntent requires" if kind == "ElicitIntent" else None
        )
    if not isinstance(messages, list):
        return f"messages must be a list (it is {shown(messages)})"
    for number, message in enumerate(messages):
        content_type = message.get("contentType") if isinstance(message, dict) else None
        if content_type not in CONTENT_TYPES:
            return (
                f"messages[{number}].contentType must be one of {', '.join(CONTENT_TYPES)} "
                f"(it is {shown(content_type)})"
            )
        body = "imageResponseCard" if content_type == "ImageResponseCard" else "content"
        if not isinstance(message.get(body), dict if body != "content" else str):
            return f"messages[{number}].{body} is missing"
    return None


GENERATOR = Generator(
    "lex-v2",
    "a code hook of an Amazon Lex V2 bot",
    {
        "intent": GeneratorOption("BookHotel", "name of the intent"),
        "source": GeneratorOption(
            "FulfillmentCodeHook",
            "which hook",
            choices=("FulfillmentCodeHook", "DialogCodeHook"),
        ),
    },
    check=_check,
    make=_make,
)
