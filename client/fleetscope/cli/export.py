"""export SESSION."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from fleetscope.cli.follow import stdout_is_gone
from fleetscope.cli.output import note
from fleetscope.client import connect
from fleetscope.errors import FleetscopeError

FORMATS = ["ndjson", "csv", "arrow", "parquet", "folded"]


@click.command()
@click.argument("session")
@click.option("--format", "file_format", type=click.Choice(FORMATS), required=True, help="folded: stacks only.")
@click.option("-o", "--output", "target", default="-", metavar="FILE", help="Default, and as -: stdout.")
def export(session: str, file_format: str, target: str) -> int:
    """Write all stored rows of a session.

    Bytes that are not UTF-8 stand as \\xNN, a backslash as \\\\, in ndjson, csv and folded.
    """
    with connect() as client:
        found = client.session(session)
        with client.export(found["id"], file_format) as chunks:
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
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            return _fill(chunks, file, target)
    except OSError as error:
        raise FleetscopeError(f"cannot write {target}: {error.strerror}; choose another place with -o") from error


def _fill(chunks: Iterator[bytes], file: IO[bytes], target: Path) -> int:
    temporary = Path(file.name)
    try:
        size = sum(file.write(chunk) for chunk in chunks)
        file.flush()
        temporary.chmod(0o644)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return size
