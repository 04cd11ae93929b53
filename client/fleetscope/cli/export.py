"""export SESSION."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from fleetscope.cli.follow import stdout_is_gone
from fleetscope.cli.output import note
from fleetscope.cli.raw import refuse_terminal
from fleetscope.client import connect
from fleetscope.conditions import where
from fleetscope.errors import FleetscopeError

FORMATS = ["ndjson", "csv", "arrow", "parquet", "folded", "raw"]


@click.command()
@click.argument("session")
@click.option(
    "--format", "file_format", type=click.Choice(FORMATS), required=True, help="folded: stacks; raw: payload."
)
@click.option("--stream", default="", metavar="NAME", help="Which one, when the session has several.")
@click.option("--direction", type=click.Choice(["in", "out"]), default=None, help="Of raw: only read or only written.")
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Only rows that pass, like 'latency>1ms', 'path~ssl', 'time>=2026-11-22T20:15:00Z'; may be given again.",
)
@click.option("-o", "--output", "target", default="-", metavar="FILE", help="Default, and as -: stdout.")
def export(
    session: str, file_format: str, stream: str, direction: str | None, conditions: tuple[str, ...], target: str
) -> int:
    """Write all stored rows of a session, or those that pass every --where.

    The signs of a condition: = != < <= > >=, ~ for text that has this in it (any case), !~ for text that has not,
    ^= for its beginning.

    Bytes that are not UTF-8 stand as \\xNN, a backslash as \\\\, in ndjson, csv and folded; arrow, parquet and raw have
    them as they were.
    """
    if file_format == "raw" and target == "-":
        refuse_terminal()
    some = where(conditions) if conditions else None
    with connect() as client:
        found = client.session(session)
        with client.export(found["id"], file_format, stream=stream, direction=direction or "", where=some) as chunks:
            if target == "-":
                return _write_stdout(chunks)
            note(f"{_write_file(chunks, Path(target))} bytes in {target}")
            return 0


def _write_stdout(chunks: Iterator[bytes]) -> int:
    try:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        stdout_is_gone()
        return 141
    return 0


def _write_file(chunks: Iterator[bytes], target: Path) -> int:
    """The whole file or none: a broken connection leaves what was there before."""
    target = target.resolve()  # the file that a link names, not the link
    try:
        if target.exists() and not target.is_file():
            return _pour(chunks, target)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            return _fill(chunks, file, target)
    except OSError as error:
        raise FleetscopeError(f"cannot write {target}: {error.strerror}; choose another place with -o") from error


def _pour(chunks: Iterator[bytes], device: Path) -> int:
    """Into a pipe or a device, which must stay what it is."""
    with device.open("wb", buffering=0) as file:
        return sum(file.write(chunk) for chunk in chunks)


def _fill(chunks: Iterator[bytes], file: IO[bytes], target: Path) -> int:
    temporary = Path(file.name)
    try:
        size = sum(file.write(chunk) for chunk in chunks)
        file.flush()
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return size


def _umask() -> int:
    """There is no way to read it but to set it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
