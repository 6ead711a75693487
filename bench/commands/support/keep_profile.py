"""`--save FILE`: a profile that came of options, kept to be run again."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from bench.errors import UsageError, cause_of
from bench.folders import expanded
from bench.profile.environment import references_in
from bench.whole_file import replace_bytes


def keep_profile(toml: str, file: str) -> None:
    """Write it, and say so on stderr. Raises UsageError if another one has that name."""
    path, content = expanded(file), toml.encode()
    try:
        if path.exists() and path.read_bytes() != content:
            beside = shlex.quote(str(Path(file).with_stem(f"{path.stem}-2")))
            raise UsageError(f"--save: {file} is there already; name another: `--save {beside}`")
        replace_bytes(path, [content])
    except (OSError, ValueError) as error:
        raise UsageError(f"--save: {file} cannot be written: {cause_of(error)}") from None
    needed = ", ".join(references_in(toml))
    again = f"again, with {needed} in the environment" if needed else "again"
    click.echo(f"Profile in {file}; {again}: `lamload run {shlex.quote(file)}`", err=True)
