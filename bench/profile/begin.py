"""An ordinary profile made from what somebody has: a URL, a function, a folder with a handler."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.lambda_facts import FULL_CORE_MB
from bench.profile.options import Given, TomlDocument
from bench.profile.phase_edits import STEADY, WARM_UP
from bench.profile.target_values import without_password
from bench.profile.target_word import TargetSort, TargetWord

DEFAULT_CALLERS = 10
"""Of a run that counts (`-n 200`) and says neither a rate nor callers: hey and oha have 50."""
LONGEST = "10m"
"""How long a run that counts may take."""
SIZES_MB = [128, 512, FULL_CORE_MB]
"""Of a function that runs here: the smallest, the usual, and the first that has a whole core."""
ROUNDS = 2
"""Of sizes side by side: what drifts meanwhile meets them all."""
LATEST = "$LATEST"
MAX_SPEND = "1 USD"


@dataclass(frozen=True, slots=True)
class Found:
    """What AWS says of a function as it is: memory in MB, and `x86_64` or `arm64`."""

    memory_mb: int
    architecture: str


FoundFunctions = Mapping[str, Found]
"""By the name or ARN that was asked for."""


def begin(word: TargetWord, given: Given, found: FoundFunctions | None = None) -> TomlDocument:
    """A document to which the options are still to be applied.

    found: functions on AWS; without sizes that are asked for each is measured as it is.
    """
    return _BEGINNINGS[word.sort](word.text, given, found or {})


def question_of(word: TargetWord) -> str:
    """What the profile asks, as the comment that it opens with."""
    if word.sort is TargetSort.URL:
        return f"How fast does {title_of(word)} answer?"
    return f"How fast does {name_of(word)} answer, at which memory size, at what price?"


def title_of(word: TargetWord) -> str:
    """The word itself, without a URL's query and password: both may be secret, titles are seen."""
    is_url = word.sort is TargetSort.URL
    return without_password(word.text.partition("?")[0]) if is_url else word.text


def name_of(word: TargetWord) -> str:
    """A short name that a folder's name can have in it."""
    if word.sort is TargetSort.URL:
        name = _host_of(word.text) or "url"
    elif word.sort is TargetSort.ARN:
        name = re.sub(r".*(function|stateMachine):", "", word.text)
    else:
        name = Path(word.text).absolute().name or "function"
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:100] or "target"


def _host_of(url: str) -> str:
    """'' of what is no URL, which is told where it is read as the target's."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _url(url: str, given: Given, _found: FoundFunctions) -> TomlDocument:
    target = {"kind": "http", "url": url, "method": "GET"}
    return {"target": target, "phase": _phases(given, "20/s", "2s", "10s")}


def _local(function: str, given: Given, _found: FoundFunctions) -> TomlDocument:
    return {
        "target": {"kind": "local", "function": function, "event": {}},
        "variants": [{"endpoint": ["invoke"], "memory_mb": SIZES_MB}],
        "load": {"order": "interleaved", "rounds": ROUNDS, "in_flight": 64},
        "phase": _phases(given, "20/s", "1s", "5s"),
    }


def _folder(folder: str, given: Given, found: FoundFunctions) -> TomlDocument:
    return _local(str(Path(folder).expanduser().resolve()), given, found)


def _aws(function: str, given: Given, found: FoundFunctions) -> TomlDocument:
    """Each as it is, unless sizes are asked for: then each size gets a version."""
    is_machine = ":states:" in function
    rounds = ROUNDS if "--memory" in given else 1
    endpoint: TomlDocument = {"endpoint": ["step-functions" if is_machine else "invoke"]}
    target: TomlDocument = {"kind": "aws", "function": function, "event": {}}
    variants = [
        endpoint
        | ({"function": [name]} if len(found) > 1 else {})
        | {"memory_mb": [own.memory_mb], "architecture": [own.architecture]}
        for name, own in found.items()
    ]
    if found and "--memory" not in given and not any(map(_names_version, found)):
        target["qualifier"] = LATEST
    return {
        "target": target,
        "variants": variants or [endpoint],
        "load": {"order": "interleaved", "rounds": rounds, "in_flight": 100},
        "phase": _phases(given, "10/s", "2s", "10s"),
        "limits": {"max_spend": MAX_SPEND},
    }


def _names_version(function: str) -> bool:
    """Whether a name or an ARN has a qualifier behind it."""
    return ":" in re.sub(r".*:function:", "", function)


def _phases(given: Given, rate: str, warm_up: str, duration: str) -> list[TomlDocument]:
    """A warm-up and a steady phase; what counts invocations has callers and no warm-up."""
    counts = "--invocations" in given
    shape: TomlDocument = {"rate": rate}
    if counts and "--rate" not in given:
        shape = {"callers": DEFAULT_CALLERS}
    steady = {"name": STEADY, **shape, "duration": LONGEST if counts else duration}
    first = {"name": WARM_UP, **shape, "duration": warm_up, "measured": False}
    return [steady] if counts else [first, steady]


_BEGINNINGS: dict[TargetSort, Callable[[str, Given, FoundFunctions], TomlDocument]] = {
    TargetSort.URL: _url,
    TargetSort.FOLDER: _folder,
    TargetSort.BUNDLED: _local,
    TargetSort.ARN: _aws,
    TargetSort.NAME: _aws,
}
