"""What a shell may complete an argument to. Called by click while somebody types: quick, silent.

A `file` or `dir` item has the shell complete paths itself; it comes first, since bash forgets what
came before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    import click

    Items = list[CompletionItem[str]]

MANIFEST = "manifest.json"
"""What makes a folder a run's, as bench.record has it: numpy would come with that import."""


def complete_profile(context: click.Context, parameter: click.Parameter, word: str) -> Items:
    """Paths, the names of shipped profiles, and TOML files: bash leaves paths out beside names."""
    folder = Path(word).parent if word and not word.endswith("/") else Path(word)
    return [
        CompletionItem(word, type="file"),
        *complete_shipped(context, parameter, word),
        *_fitting(map(str, sorted(folder.glob("*.toml"))), word),
    ]


def complete_shipped(_context: click.Context, _parameter: click.Parameter, word: str) -> Items:
    """The names of shipped profiles that begin with word."""
    from bench.profile.shipped import shipped_profiles

    return _fitting((path.stem for path in shipped_profiles()), word)


def complete_run(context: click.Context, _parameter: click.Parameter, word: str) -> Items:
    """Folders, and the runs below --runs or --out whose names begin with word, newest first."""
    root = context.params.get("root") or context.params.get("out") or Path("runs")
    names = sorted((path.parent.name for path in root.glob(f"*/{MANIFEST}")), reverse=True)
    return [CompletionItem(word, type="dir"), *_fitting(names, word)]


def complete_topic(_context: click.Context, _parameter: click.Parameter, word: str) -> Items:
    """Topics of the reference that begin with word, each with its line."""
    from bench.commands.support.topics import topics

    return [
        CompletionItem(topic.name, help=topic.summary)
        for topic in topics().values()
        if topic.name.startswith(word)
    ]


def complete_generator(_context: click.Context, _parameter: click.Parameter, word: str) -> Items:
    """The names of event generators that begin with word, and of the door book."""
    from bench.payloads.generators import GENERATORS

    return _fitting((*GENERATORS, "doors"), word)


def _fitting(names: Iterable[str], word: str) -> Items:
    return [CompletionItem(name) for name in names if name.startswith(word)]
