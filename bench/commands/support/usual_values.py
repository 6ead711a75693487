"""What an example has behind an option: where nobody knows what was meant, a value that can be."""

from __future__ import annotations

import click

from bench.profile.usual import USUAL

OF_VERBS = {
    "--limit": "10",
    "--max-slower": "10%",
    "--columns": "p50,p90,p99",
    "--fleet": "dask-local:4",
    "--env": "STAGE=test",
    "--reserved-concurrency": "10",
}
"""Of options that are no profile's keys, and have no default. What is not here is left out."""


def usual_value(param: click.Parameter) -> str | None:
    """The value, None where there is none that fits everybody: a file, a run."""
    known = {name: usual.value for name, usual in USUAL.items()} | OF_VERBS
    if isinstance(param, click.Option) and param.metavar is not None:
        named = next((known[name] for name in param.opts if name in known), None)
        if named is not None:
            return named
    if isinstance(param.type, click.Choice):
        return str(param.default or next(iter(param.type.choices)))
    has_default = isinstance(param.default, int | float | str) and param.default is not False
    return str(param.default) if has_default else None


def clamped(param: click.Parameter, text: str) -> str | None:
    """The nearest number within bounds; None for what is no number, or has none."""
    kind = param.type
    if not isinstance(kind, click.IntRange | click.FloatRange):
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    low, high = kind.min, kind.max
    if high is not None and value > high:
        return str(high)
    return str(low) if low is not None and value < low and not kind.min_open else None
