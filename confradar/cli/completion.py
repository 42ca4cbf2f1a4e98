"""The command that makes a shell complete the others."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script by which a shell completes commands and options.

    \b
    bash   eval "$(confradar completion bash)"              in ~/.bashrc
    zsh    eval "$(confradar completion zsh)"               in ~/.zshrc
    fish   confradar completion fish | source               in ~/.config/fish/config.fish
    """
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(made(context.find_root().command, {}, "confradar", "_CONFRADAR_COMPLETE").source())
