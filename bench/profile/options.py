"""Options of the command line that stand for keys of a profile: one table, hey's habits included.

An option puts a value into a profile's document before that is read, as `--set` does: what the
value may be is known by the key's declaration alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import Problem
from bench.function_folder import bundled_functions
from bench.model.retry import RetryPolicyName
from bench.profile.option_values import as_event, as_header, as_list, as_number, as_rate, as_text
from bench.profile.phase_edits import set_duration, set_shape, set_warm_up
from bench.profile.refusal import Refusal
from bench.profile.retry import meant

Given = Mapping[str, Sequence[str]]
"""What was said: the texts behind each option by its name."""
TomlDocument = dict[str, Any]
Paths = tuple[str, ...]
NOTHING_GIVEN: Given = {}


@dataclass(frozen=True, slots=True)
class Option:
    """A row of the table. key is the path of the profile's key that it stands for.

    short is what hey and oha call it, '' where they have no such thing. put changes the document
    and gives the paths of what it changed, as messages write them; Refusal if that cannot be.
    """

    name: str
    short: str
    key: str
    metavar: str
    help: str
    put: Callable[[TomlDocument, Sequence[str]], Paths]
    repeatable: bool = False

    @property
    def field(self) -> str:
        """As the name of a parameter."""
        return "option_" + self.name.lstrip("-").replace("-", "_")


def apply_options(
    document: TomlDocument, given: Given, source: str
) -> tuple[list[Problem], dict[str, str]]:
    """Change the document. What cannot be, and the option behind each path that was changed.

    source is what the command to paste calls the profile.
    """
    problems: list[Problem] = []
    touched: dict[str, str] = {}
    for option in OPTIONS:
        texts = given.get(option.name, ())
        if not texts:
            continue
        try:
            if len(texts) > 1 and not option.repeatable:
                raise Refusal(f"is given {len(texts)} times, and takes one value")
            _check_loop(option.name, given)
            touched |= dict.fromkeys(option.put(document, texts), option.name)
        except Refusal as refusal:
            problems.append(Problem("", refusal.words(source), option.name))
    return problems, touched


def _check_loop(name: str, given: Given) -> None:
    """Rate and callers exclude each other, whichever was named first."""
    if name == "--callers" and given.get("--rate"):
        raise Refusal(
            "cannot stand beside --rate: either so many arrive in a second, whatever the answers "
            "do, or so many callers wait for theirs",
            *(
                word
                for name, texts in given.items()
                if name != "--callers"
                for text in texts
                for word in (name, text)
            ),
        )


def _setting(
    key: str, read: Callable[[str], Any] = as_text
) -> Callable[[TomlDocument, Sequence[str]], Paths]:
    """Put one value at a key of a table at the top."""
    section, _, name = key.partition(".")

    def put(document: TomlDocument, texts: Sequence[str]) -> Paths:
        _table(document, section)[name] = read(texts[0])
        return (key,)

    return put


def _table(document: TomlDocument, name: str) -> TomlDocument:
    found = document.setdefault(name, {})
    if not isinstance(found, dict):
        raise Refusal(f"needs [{name}], which is no table in this profile")
    return found


def _variants(document: TomlDocument) -> list[TomlDocument]:
    found = document.setdefault("variants", [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Refusal("needs [[variants]], which is no array of tables in this profile")
    if not found:
        found.append({})
    return found


def _put_memory(document: TomlDocument, texts: Sequence[str]) -> Paths:
    """The same sizes for every table of variants."""
    sizes = as_list(texts, lambda text: as_number(re.sub(r"(?i)\s*mb$", "", text)))
    for table in _variants(document):
        table["memory_mb"] = sizes
    return ("variants",)


def _put_endpoint(document: TomlDocument, texts: Sequence[str]) -> Paths:
    """Those, at every size and architecture that the profile has anywhere."""
    tables = _variants(document)
    merged: TomlDocument = {"endpoint": as_list(texts, str)}
    for key in [key for table in tables for key in table if key != "endpoint"]:
        levels = [level for table in tables if key in table for level in _listed(table[key])]
        merged[key] = [level for i, level in enumerate(levels) if level not in levels[:i]]
    document["variants"] = [merged]
    return ("variants[0].endpoint",)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _put_retry(document: TomlDocument, texts: Sequence[str]) -> Paths:
    """One policy is everybody's; of several each makes variants, and so does a named table.

    What a profile says of another policy, and has no meaning beside this one, goes with it.
    """
    policies = as_list(texts, str)
    if not policies:
        raise Refusal("must not be empty")
    given = _table(document, "retries")
    for name in [name for name in given if name not in policies]:
        del given[name]
    named = dict(given)
    if not named:
        del document["retries"]
    are_levels = bool(named) or len(policies) > 1
    for table in _variants(document) if are_levels or "variants" in document else []:
        table.pop("retry", None)
        if are_levels:
            table["retry"] = policies
    if are_levels:
        return ("variants",)
    table = _table(document, "retry")
    table["policy"] = policies[0]
    if policies[0] in set(RetryPolicyName):
        for key in set(table).difference(meant(table, RetryPolicyName(policies[0]))):
            del table[key]
    return ("retry.policy",)


def _put_function(document: TomlDocument, texts: Sequence[str]) -> Paths:
    """A folder is one that is here, wherever the profile lies; of several each is a variant."""
    if not all(text.strip() for text in texts):
        raise Refusal("must not be empty")
    names = [_function(text) for text in texts]
    _table(document, "target")["function"] = names[0]
    for table in _variants(document) if "variants" in document or len(names) > 1 else []:
        table.pop("function", None)
        if len(names) > 1:
            table["function"] = names
    return ("variants",) if len(names) > 1 else ("target.function",)


def _function(text: str) -> str:
    path = Path(text).expanduser()
    return str(path.resolve()) if path.is_dir() and text not in bundled_functions() else text


def _put_event(document: TomlDocument, texts: Sequence[str]) -> Paths:
    target = _table(document, "target")
    for key in [key for key in target if key == "events" or key.startswith("event_")]:
        del target[key]
    target.pop("event", None)
    key, value = as_event(texts[0], is_text=target.get("kind") == "http")
    target[key] = value
    if target.get("kind") == "http" and target.get("method") == "GET":
        target["method"] = "POST"  # as curl has it: what has a body is posted
    return (f"target.{key}",)


def _put_headers(document: TomlDocument, texts: Sequence[str]) -> Paths:
    headers = _table(document, "target").setdefault("headers", {})
    for name, value in map(as_header, texts):
        headers[name] = value
    return ("target.headers",)


def _put_timeout(document: TomlDocument, texts: Sequence[str]) -> Paths:
    """Of the whole attempt; a limit of its beginning that the profile has gives way."""
    table = _table(document, "timeout")
    table.pop("first_byte", None)
    table["total"] = texts[0]
    return ("timeout.total",)


def _put_slo(document: TomlDocument, texts: Sequence[str]) -> Paths:
    """Each threshold is its own name."""
    table = _table(document, "slo")
    for text in texts:
        table[text.strip()] = text.strip()
    return ("slo",)


def _put_invocations(document: TomlDocument, texts: Sequence[str]) -> Paths:
    _table(document, "stop")["invocations"] = as_number(texts[0])
    return ("stop.invocations",)


OPTIONS: tuple[Option, ...] = (
    Option(
        "--memory",
        "",
        "variants.memory_mb",
        "MB,…",
        "Memory sizes, such as 128,512,1769: a variant of each.",
        _put_memory,
        repeatable=True,
    ),
    Option(
        "--endpoint",
        "",
        "variants.endpoint",
        "KIND,…",
        "What is called, such as invoke,alb: a variant of each.",
        _put_endpoint,
        repeatable=True,
    ),
    Option(
        "--function",
        "",
        "target.function",
        "NAME",
        "A function's name or ARN, or a folder: what TARGET would say; several folders are "
        "measured beside each other.",
        _put_function,
        repeatable=True,
    ),
    Option(
        "--qualifier",
        "",
        "target.qualifier",
        "VERSION",
        "The version or alias to call (AWS).",
        _setting("target.qualifier"),
    ),
    Option(
        "--event",
        "-d",
        "target.event",
        "JSON|@FILE",
        "The payload, @- from stdin; of a request to a URL any text, and then it is a POST.",
        _put_event,
    ),
    Option(
        "--header",
        "-H",
        "target.headers",
        "'NAME: VALUE'",
        "A header of requests through front doors and to URLs. Repeatable.",
        _put_headers,
        repeatable=True,
    ),
    Option("--method", "-m", "target.method", "METHOD", "Their method.", _setting("target.method")),
    Option(
        "--rate",
        "-q N",
        "phase.rate",
        "RATE",
        "Open loop: arrivals such as 50/s, or a ramp 10/s..100/s, whatever the answers do.",
        lambda document, texts: set_shape(document, "rate", as_rate(texts[0])),
    ),
    Option(
        "--callers",
        "-c",
        "phase.callers",
        "N",
        "Closed loop: so many callers, each waiting for its answer; 1..50 is a ramp.",
        lambda document, texts: set_shape(document, "callers", as_number(texts[0])),
    ),
    Option(
        "--for",
        "-z",
        "phase.duration",
        "TIME",
        "How long it is measured, such as 30s.",
        lambda document, texts: set_duration(document, texts[0]),
    ),
    Option(
        "--invocations",
        "-n",
        "stop.invocations",
        "N",
        "End after exactly so many.",
        _put_invocations,
    ),
    Option(
        "--warm-up",
        "",
        "phase.measured",
        "TIME",
        "How long it is sent before that without being measured; 0s for not at all.",
        lambda document, texts: set_warm_up(document, texts[0]),
    ),
    Option(
        "--rounds",
        "",
        "load.rounds",
        "N",
        "How often every variant has its turn.",
        _setting("load.rounds", as_number),
    ),
    Option(
        "--retry",
        "",
        "retry.policy",
        "POLICY,…",
        "Retries, such as full-jitter; of several each is a variant. `lamload help retries` lists "
        "them.",
        _put_retry,
        repeatable=True,
    ),
    Option(
        "--timeout",
        "",
        "timeout.total",
        "TIME",
        "Of each attempt, from the first byte sent to the last received.",
        _put_timeout,
    ),
    Option(
        "--slo",
        "",
        "slo",
        "RULE",
        "What must hold, such as 'p99 < 300ms'; if it fails the exit code is 99. Repeatable.",
        _put_slo,
        repeatable=True,
    ),
    Option(
        "--max-spend",
        "",
        "limits.max_spend",
        "USD",
        "End once it has cost so much, such as '2 USD'.",
        _setting("limits.max_spend", lambda text: as_number(text, unit=" USD")),
    ),
)
"""Applied in this order. What hey and oha call an option is its short name; `-q`, which is --quiet
here, is theirs where a number stands behind it."""
