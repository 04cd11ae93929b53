"""How answers look: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


def output_option(*extra: str) -> Callable[[_F], _F]:
    choices = click.Choice(["table", "json", *extra])
    return click.option("--output", type=choices, default="table", show_default=True, help="How to print it.")


def print_json(value: object) -> None:
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    click.echo("\n".join(map(printable_json, lines)))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Whole values when stdout is not a terminal, so that a pipe never sees a cut one."""
    # Only here: it is slow to import, and rows do not need it.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = [[Text(printable(str(cell))) for cell in row] for row in rows]
    if not lines:
        click.echo(empty, err=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*line)
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width, soft_wrap=False).print(table)


def printable(text: str) -> str:
    """Nothing a traced program chose may steer the terminal: control characters are shown, not sent."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _visible(char) for char in text)


def printable_json(line: str) -> str:
    """The same JSON, with what could steer a terminal written as escapes."""
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)


def complain(message: str) -> None:
    """One line on stderr."""
    click.echo(f"fleetscope: {printable(' '.join(message.split()))}", err=True)


def note(message: str) -> None:
    """One line about the session, on stderr so that stdout holds rows only."""
    click.echo(printable(message), err=True)


def local_time(stamp: str | None) -> str:
    if not stamp:
        return "-"
    return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _visible(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
