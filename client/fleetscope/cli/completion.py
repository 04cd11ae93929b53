"""completion SHELL, and what it offers: tools and hosts of the server that this person is signed in to."""

import click
from click.shell_completion import CompletionItem, get_completion_class

from fleetscope.client import connect
from fleetscope.errors import FleetscopeError

_VARIABLE = "_FLEETSCOPE_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes this shell complete commands, options, tools and hosts.

    For bash: fleetscope completion bash > ~/.local/share/bash-completion/completions/fleetscope
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"this version of click knows no completion for {shell}; install a newer one")
    click.echo(kind(context.find_root().command, {}, "fleetscope", _VARIABLE).source())


def complete_tool(context: click.Context, option: click.Parameter, text: str) -> list[CompletionItem]:
    """Silent when the server cannot be asked: a shell has no place for a reason."""
    del context, option
    try:
        with connect() as client:
            found = client.tools()
    except FleetscopeError:
        return []
    return [CompletionItem(tool["name"], help=tool["summary"]) for tool in found if tool["name"].startswith(text)]


def complete_host(context: click.Context, option: click.Parameter, text: str) -> list[CompletionItem]:
    """The same for hosts."""
    del context, option
    try:
        with connect() as client:
            found = client.hosts()
    except FleetscopeError:
        return []
    return [CompletionItem(host["name"], help=host["state"]) for host in found if host["name"].startswith(text)]
