"""complete KIND TEXT."""

import click

from fleetscope.cli.completion import complete_host
from fleetscope.cli.output import local_time, note, output_option, print_json, print_table
from fleetscope.client import connect
from fleetscope.models import Names

KINDS = (
    "process", "comm", "user", "library", "function", "usdt", "tracepoint", "field", "pty", "container", "pod", "unit",
)  # fmt: skip


@click.command()
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
@click.argument("text", default="")
@click.option("--host", shell_complete=complete_host, metavar="NAME", help="Ask this one. One host: optional.")
@click.option("--pid", type=click.IntRange(1), default=None, help="Names as this process sees them: its libraries.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="At most so many names.")
@output_option()
def complete(kind: str, text: str, host: str | None, pid: int | None, limit: int, output: str) -> None:
    """Ask a host which names it has: what can be given to a start.

    KIND is process, comm, user, library, function (LIB:pattern), usdt (LIB:probe), tracepoint, field
    (category:event), pty, container, pod or unit. The question stands in the audit.
    """
    with connect() as client:
        found = client.names(kind, text, host=host, pid=pid or 0, limit=limit)
    if output == "json":
        return print_json(found)
    print_table(
        ["NAME", "MEANS", "DETAIL", "SINCE"],
        (_row(name) for name in found["names"]),
        empty=f"nothing on {found['host']} is called that",
    )
    note(_summary(kind, found))


def _row(name: dict[str, str | None]) -> list[object]:
    label = name["label"] if name["label"] != name["value"] else ""
    return [name["value"], label or "-", name["detail"] or "-", local_time(name["since"])]


def _summary(kind: str, found: Names) -> str:
    if found["meant"] is not None:
        return f"{found['meant']} {kind}{'' if found['meant'] == 1 else 's'} on {found['host']} match"
    shown = len(found["names"])
    return f"{shown} of {found['total']} on {found['host']}"
