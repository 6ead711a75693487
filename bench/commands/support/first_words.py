"""What to do with a command line that begins with no verb: a target, an option of run, or a word.

Nothing heavy is imported until a word has to be looked at.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from bench.errors import UsageError

RUN = "run"
QUICK = ("quickstart",)
GROUP_OPTIONS = ("-h", "--help", "--version")
WAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("bench", "benchmark", "test", "start", "attack", "load", "go", "demo", "quick", "exec"),
        (RUN, QUICK),
    ),
    **dict.fromkeys(("invoke", "call", "curl", "send", "try"), ("once", QUICK)),
    **dict.fromkeys(("list", "ls", "example", "examples", "profile"), ("profiles", ())),
    **dict.fromkeys(("result", "results", "show", "summary", "stats", "table"), ("report", ())),
    **dict.fromkeys(("runs", "past"), ("history", ())),
    **dict.fromkeys(("ui", "tui", "dashboard", "top", "playback", "replay"), ("watch", ())),
    **dict.fromkeys(("web", "html", "browser"), ("open", ())),
    **dict.fromkeys(("new", "create", "config", "configure", "template"), ("init", ())),
    **dict.fromkeys(
        (
            "serve",
            "server",
            "emulator",
            "local-function",
            "local-lambda",
            "start-api",
            "start-lambda",
        ),
        ("local", ()),
    ),
    **dict.fromkeys(("check", "lint", "verify"), ("validate", QUICK)),
    **dict.fromkeys(("cost", "estimate", "price", "dry-run", "dryrun"), ("plan", QUICK)),
    **dict.fromkeys(("diff",), ("compare", ())),
    **dict.fromkeys(("clean", "cleanup", "undo", "remove"), ("restore", ())),
    **dict.fromkeys(("docs", "man", "manual", "usage"), ("help", ())),
    **dict.fromkeys(("info", "env", "status", "login", "auth", "setup"), ("doctor", ())),
    **dict.fromkeys(("logs", "metrics"), ("report", ())),
    **dict.fromkeys(("update", "upgrade"), ("version", ())),
    **dict.fromkeys(("deploy", "stop"), ("help", ())),
    **dict.fromkeys(("csv", "json", "save"), ("export", ())),
}
"""What other tools call it: the verb here, and with what if nothing stands behind it."""
_PAGE = (RUN, QUICK)
_LOADERS = (
    *("hey", "oha", "wrk", "wrk2", "ab", "bombardier", "siege", "autocannon", "k6", "vegeta"),
    *("locust", "artillery"),
)
TOOLS: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    **{tool: {"run": _PAGE, "attack": _PAGE, "quick": _PAGE, "": _PAGE} for tool in _LOADERS},
    "aws": {"lambda invoke": ("once", QUICK), "": ("doctor", ())},
    "sam": {
        "local invoke": ("once", QUICK),
        "local start-lambda": ("local", ()),
        "local start-api": ("local", ()),
        "": ("local", ()),
    },
}
"""By another tool's name, which somebody typed out of habit: by the words that follow it, the
longest first, what is meant here as in WAYS."""
_CLOSE = 0.6


def routed(arguments: Sequence[str], verbs: Collection[str]) -> list[str]:
    """The arguments with their verb. Raises UsageError with a command to paste."""
    words = list(arguments)
    if not words or words[0] in verbs or words[0] in GROUP_OPTIONS:
        return words
    if words[0] in ("-v", "-V", "-version"):
        raise UsageError(f"there is no option {words[0]}; did you mean `lamload --version`?")
    if words[0].startswith("-"):
        return [RUN, *words]
    if words[0] in (*WAYS, *TOOLS) and not _is_here(words[0]):
        if words[0] in TOOLS and _has_script(words[1:]):
            return [RUN, *words[1:]]  # which says what a script is here
        raise UsageError(_way(words))
    close = get_close_matches(words[0], verbs, 1, _CLOSE)
    if close and not _is_here(words[0]):
        mended = shlex.join(["lamload", close[0], *words[1:]])
        raise UsageError(
            f"there is no command {words[0]!r}; did you mean `{mended}`? A function of that name "
            f"on AWS: `lamload run --function {shlex.quote(words[0])}`"
        )
    return [RUN, *words]


def _way(words: Sequence[str]) -> str:
    """In lamload's words, options and all."""
    from bench.commands.support.foreign import in_our_words
    from bench.profile.options import OPTIONS

    (verb, usual), typed = _meant(words)
    own = frozenset(option.name for option in OPTIONS)
    rest, _ = in_our_words(typed, own)
    before = ["", *rest]
    bare = [word for word, behind in zip(rest, before, strict=False) if behind not in own]
    named = any(not word.startswith("-") for word in bare) or "--function" in rest
    mended = shlex.join(["lamload", verb, *(() if named else usual), *rest])
    return f"there is no command {words[0]!r}; did you mean `{mended}`?"


def _meant(words: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], list[str]]:
    """The verb here, and what stands behind its name there."""
    if words[0] in WAYS:
        return WAYS[words[0]], list(words[1:])
    forms = TOOLS[words[0]]
    for form in sorted(forms, key=len, reverse=True):
        parts = form.split()
        if list(words[1 : len(parts) + 1]) == parts:
            rest = list(words[len(parts) + 1 :])
            return forms[form], _called(rest) if words[0] in ("aws", "sam") else rest
    raise AssertionError("each tool has a form without words")


def _called(words: Sequence[str]) -> list[str]:
    """Of the AWS CLI and sam: without the file for the answer, or the name in a template."""
    before = ["", *words]
    pairs = zip(words, before, strict=False)
    return [word for word, behind in pairs if word.startswith("-") or behind.startswith("-")]


def _has_script(words: Sequence[str]) -> bool:
    from bench.commands.support.target_options import SCRIPT

    return any(SCRIPT.fullmatch(word) for word in words)


def _is_here(word: str) -> bool:
    """Whether it names something on this machine that can be run."""
    from bench.profile.target_word import TargetSort, target_word

    meant = target_word(word)
    return meant.sort not in (TargetSort.NAME, TargetSort.OTHER) or bool(meant.mend)
