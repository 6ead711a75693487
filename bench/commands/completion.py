"""`lamload completion SHELL`: the script with which a shell completes what is typed."""

from __future__ import annotations

import click

from bench.commands.support.verb import Verb

SHELLS = ("bash", "zsh", "fish")


@click.command(cls=Verb)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script with which SHELL completes commands, options, profiles and runs.

    \b
    bash 4.4 or later, in ~/.bashrc:           eval "$(lamload completion bash)"
    zsh, in ~/.zshrc, after compinit:          eval "$(lamload completion zsh)"
    fish, in ~/.config/fish/config.fish:       lamload completion fish | source
    """
    from click.shell_completion import get_completion_class

    root = context.find_root()
    name = root.info_name or ""
    script = get_completion_class(shell)
    assert script is not None
    click.echo(script(root.command, {}, name, f"_{name}_COMPLETE".upper()).source(), nl=False)
