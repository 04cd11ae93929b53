"""completion SHELL, and what it offers: tools, hosts, parameters and names of the server of this person's login."""

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from fleetscope.cli.shells import STEM
from fleetscope.client import Client, connect
from fleetscope.errors import FleetscopeError

_VARIABLE = "_FLEETSCOPE_COMPLETE"
# Which names of the host fit into a parameter that does not say so itself.
_KINDS = {"function": "function", "usdt": "usdt", "tracepoint": "tracepoint", "terminal": "pty"}

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem[Any]]]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes this shell complete commands, options, tools, hosts, parameters and names from a host.

    For bash: fleetscope completion bash > ~/.local/share/bash-completion/completions/fleetscope
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"this version of click knows no completion for {shell}; install a newer one")
    click.echo(kind(context.find_root().command, {}, "fleetscope", _VARIABLE).source())


def asking(offer: Callable[[Client, click.Context, str], Iterable[CompletionItem[Any]]]) -> Completer:
    """What begins as the text does. Silent when the server cannot be asked: a shell has no place for a reason."""

    def complete(context: click.Context, option: click.Parameter, text: str) -> list[CompletionItem[Any]]:
        del option
        try:
            with connect() as client:
                return [item for item in offer(client, context, text) if str(item.value).startswith(text)]
        except FleetscopeError:
            return []

    return complete


@asking
def complete_tool(client: Client, context: click.Context, text: str) -> Iterable[CompletionItem[Any]]:
    del context, text
    return [CompletionItem(tool["name"], help=tool["summary"]) for tool in client.tools()]


@asking
def complete_host(client: Client, context: click.Context, text: str) -> Iterable[CompletionItem[Any]]:
    del context, text
    return [CompletionItem(host["name"], help=host["state"]) for host in client.hosts()]


def complete_name(kind: str) -> Completer:
    """Names of this kind that the host of the line has."""
    return asking(lambda client, context, text: _names(client, context, kind, text))


@asking
def complete_param(client: Client, context: click.Context, text: str) -> Iterable[CompletionItem[Any]]:
    """First the tool's parameters, behind the = what can be given to one."""
    # An option that waits for its value leaves the arguments before it where they were.
    tool = context.params.get("tool") or next(iter(context.args), None)
    params = client.tool(tool)["params"] if tool else []
    name, separator, value = text.partition("=")
    if not separator:
        given = context.params.get("params") or {}
        return [_stem(f"{param['name']}=", param.get("help", "")) for param in params if param["name"] not in given]
    found = [item for param in params if param["name"] == name for item in _values(client, context, param, value)]
    return [CompletionItem(f"{name}={item.value}", type=item.type, help=item.help) for item in found]


def _values(client: Client, context: click.Context, param: dict[str, Any], value: str) -> Iterable[CompletionItem[Any]]:
    kind = param.get("hint") or _KINDS.get(param["type"])
    if kind:
        return _names(client, context, kind, value)
    if param["type"] == "fields":
        return _fields(client, context, value)
    words = ["true", "false"] if param["type"] == "bool" else param.get("choices", [])
    return [CompletionItem(word) for word in words]


def _fields(client: Client, context: click.Context, value: str) -> Iterable[CompletionItem[Any]]:
    """Of a list with commas the last one."""
    tracepoint = (context.params.get("params") or {}).get("tracepoint", "")
    chosen, comma, _ = value.rpartition(",")
    names = _names(client, context, "field", tracepoint) if tracepoint else []
    return [
        CompletionItem(f"{chosen}{comma}{name.value}", help=name.help)
        for name in names
        if name.value not in chosen.split(",")
    ]


def _names(client: Client, context: click.Context, kind: str, text: str) -> Iterable[CompletionItem[Any]]:
    hosts = context.params.get("hosts") or ()
    found = client.names(kind, text, host=hosts[0] if hosts else None, pid=context.params.get("pid") or 0)
    return [_name(name) for name in found["names"] if name["value"]]


def _name(name: dict[str, str | None]) -> CompletionItem[Any]:
    value = str(name["value"])
    meaning = str(name["label"] if name["label"] != value else name["detail"] or "")
    return _stem(value, meaning) if value.endswith(":") else CompletionItem(value, help=meaning)


def _stem(value: str, meaning: str) -> CompletionItem[Any]:
    return CompletionItem(value, type=STEM, help=meaning)
