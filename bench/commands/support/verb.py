"""A verb whose every refusal ends with a command to paste."""

from __future__ import annotations

from typing import Any

import click

from bench.errors import LamloadError


class Verb(click.Command):
    """What each file of `bench.commands` declares."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; every error of it knows its verb."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """As click does; to an error whose text names no command comes one that works."""
        try:
            return super().invoke(ctx)
        except LamloadError as error:
            from bench.commands.support.ways import way_on

            error.way = way_on(ctx, error)
            raise
