"""Whether words would be taken by a verb, as far as this machine can tell; nothing is done."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bench.errors import UsageError
from bench.profile.mend import Word
from bench.profile.options import OPTIONS
from bench.profile.overrides import SOURCE


def is_taken(ctx: click.Context, words: Sequence[str]) -> bool:
    """Whether they parse, and a profile comes of them where one should."""
    from bench.commands.support.target import reads

    try:
        parsed = ctx.command.make_context(ctx.info_name, list(words), parent=ctx.parent)
    except (click.UsageError, click.exceptions.Exit, UsageError):
        return False
    if not {"target", "overrides"} <= parsed.params.keys():
        return True
    options = [
        Word(option.name, text)
        for option in OPTIONS
        for text in parsed.params.get(option.field, ())
    ]
    sets = [Word(SOURCE, text) for text in parsed.params["overrides"]]
    return reads(parsed.params["target"], (*options, *sets))
