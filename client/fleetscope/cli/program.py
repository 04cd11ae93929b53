"""program SESSION."""

from collections.abc import Callable

import click

from fleetscope.cli.output import note, print_json, printable
from fleetscope.client import connect
from fleetscope.models import Program


def _bytecode(found: Program) -> str:
    return "\n\n".join(
        f"{function['name']} ({function['type']}, {function['instructions']} instructions)\n{function['bytecode']}"
        for function in found["functions"]
    )


def _log(found: Program) -> str:
    return found["log"] or f"{found['host']} accepted this program: there is no log"


def _source(found: Program) -> str:
    return found["source"]


PARTS: dict[str, Callable[[Program], str]] = {"source": _source, "bytecode": _bytecode, "log": _log}


@click.command()
@click.argument("session")
@click.option("--host", default="", metavar="NAME", help="Of this host; default: the first that has sent it.")
@click.option(
    "--part", type=click.Choice([*PARTS]), default="source", show_default=True, help="log: if it was refused."
)
@click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="json: all parts."
)
def program(session: str, host: str, part: str, output: str) -> None:
    """Show the BPF program that a session compiled and loaded on a host."""
    with connect() as client:
        found = client.program(session, host)
    if output == "json":
        return print_json(found)
    note(f"{part} on {found['host']}, compiled with {' '.join(found['switches']) or 'no switches'}")
    for line in PARTS[part](found).split("\n"):
        click.echo("\t".join(map(printable, line.split("\t"))))
