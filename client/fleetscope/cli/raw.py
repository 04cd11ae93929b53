"""--output raw: payload to stdout, byte for byte, each batch as it arrives, and nothing else."""

import sys
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import click

from fleetscope.cli.output import note
from fleetscope.client import Client
from fleetscope.errors import FleetscopeError
from fleetscope.models import Session
from fleetscope.payload import Payload, payload_stream

_F = TypeVar("_F", bound=Callable[..., Any])


class SeveralHosts(FleetscopeError):
    """Their bytes have no order among each other."""


def direction_option() -> Callable[[_F], _F]:
    choices = click.Choice(["in", "out"])
    return click.option("--direction", type=choices, help="Of raw: only what was read (in) or written (out).")


def check_output(output: str, direction: str | None) -> None:
    """Raises UsageError or FleetscopeError."""
    if output == "raw":
        refuse_terminal()
    elif direction is not None:
        raise click.UsageError("--direction goes with --output raw; other outputs name the direction of each row")


def check_tool(client: Client, tool: str, direction: str | None) -> None:
    """Before it is started. Raises FleetscopeError when it has no such payload."""
    Payload(payload_stream(tool, client.tool(tool)["streams"]), direction)


def refuse_terminal() -> None:
    """Raises FleetscopeError."""
    if sys.stdout.isatty():
        raise FleetscopeError(
            "raw bytes of a traced program could steer this terminal; send them to a file or a pipe "
            "(| cat lets them through as they are)"
        )


def write_raw(client: Client, session: Session, out: BinaryIO, direction: str | None) -> None:
    """Raises FleetscopeError when the session has no such payload, SeveralHosts when it has that of several hosts."""
    if len(session["hosts"]) > 1:
        raise SeveralHosts(
            f"raw output would mix the bytes of {len(session['hosts'])} hosts; "
            "choose one, or use ndjson, which names the host of each row"
        )
    stream = payload_stream(session["tool"], _streams(client, session))
    payload = Payload(stream, direction)
    for block in client.row_blocks(session["id"], stream=stream["name"], on_outage=note):
        for data in payload.of(block):
            out.write(data)
        out.flush()


def _streams(client: Client, session: Session) -> list[dict[str, Any]]:
    """Those that a run sends; those of the tool while none is attached."""
    schemas = [run["schema"] for run in session["runs"] if run["schema"]]
    found: list[dict[str, Any]] = (schemas[0] if schemas else client.tool(session["tool"]))["streams"]
    return found
