"""`lamload help [TOPIC]`: the reference, a page a topic."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import click

from bench.commands.support.completions import complete_topic
from bench.commands.support.topics import Topic, topics
from bench.commands.support.verb import Verb
from bench.errors import UsageError
from bench.output.page_width import folded, page_width

WIDTH = 96
"""Columns beyond which lines of text are hard to follow."""
STYLES = {"markdown.code": "bold cyan", "markdown.code_block": "cyan"}
"""Without the black ground that rich puts behind code: terminals may be light."""


@click.command("help", cls=Verb)
@click.argument("topic", required=False, shell_complete=complete_topic)
@click.pass_context
def help(context: click.Context, topic: str | None) -> None:
    """Show a TOPIC of the reference; without one, list the topics.

    On a terminal it is laid out, with NO_COLOR in plain text; in a pipe it is Markdown.
    """
    known = topics()
    if topic is None:
        click.echo("\n".join(folded(_listing(known.values()), page_width())))
    elif topic not in known:
        raise UsageError(f"there is no topic {topic}{_mend(topic, known, _verbs(context))}")
    elif sys.stdout.isatty():
        _lay_out(known[topic].text)
    else:
        click.echo(known[topic].text, nl=False)


def _listing(known: Iterable[Topic]) -> Iterable[str]:
    width = max(len(topic.name) for topic in known)
    yield "Topics, for `lamload help TOPIC`; `lamload VERB --help` tells the options of a verb:"
    yield ""
    yield from (f"  {topic.name:{width}}  {topic.summary}" for topic in known)


def _verbs(context: click.Context) -> Collection[str]:
    group = context.find_root().command
    return group.list_commands(context) if isinstance(group, click.Group) else ()


def _mend(word: str, known: Mapping[str, Topic], verbs: Collection[str]) -> str:
    """`; did you mean …?`, or which topics there are. A verb has a help of its own."""
    from difflib import get_close_matches

    if word in verbs:
        return f"; did you mean `lamload {word} --help`?"
    close = get_close_matches(word, known, 1)
    if close:
        return f"; did you mean `lamload help {close[0]}`?"
    return f"; there are {', '.join(known)}: `lamload help start` begins"


def _lay_out(text: str) -> None:
    """Print Markdown for a reader at a terminal."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    colours: Literal["auto"] | None = "auto"
    if os.environ.get("NO_COLOR"):
        colours = None  # not one escape sequence
    console = Console(theme=Theme(STYLES), color_system=colours)
    console.width = min(console.width, WIDTH)
    console.print(Markdown(text, code_theme="ansi_dark", hyperlinks=False))
