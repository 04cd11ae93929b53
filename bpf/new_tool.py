"""``python -m bpf.new_tool NAME``: a new tool that works at once, from the template. Change it from there."""

from __future__ import annotations

import sys
from pathlib import Path

from bpf.catalog import ROOT
from bpf.rules import NAME

TEMPLATE = ROOT / "_template"
PLACEHOLDER = "@name@"


class NewToolError(ValueError):
    """The tool cannot be made. The text says what to do instead."""


def make_tool(name: str, root: Path = ROOT) -> Path:
    """The new folder. Raises NewToolError."""
    if not NAME.fullmatch(name):
        raise NewToolError(f"{name!r} is no tool name: take a lower-case word of letters, digits and _")
    folder = root / name
    if folder.exists():
        raise NewToolError(f"{folder} exists already: take another name or remove it")
    folder.mkdir()
    for path in sorted(TEMPLATE.iterdir()):
        if path.is_file():
            target = folder / path.name.removesuffix(".in").replace("test_tool", f"test_{name}")
            target.write_text(path.read_text("utf-8").replace(PLACEHOLDER, name), "utf-8")
    return folder


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: make new-tool NAME=mytool\n")
        return 2
    try:
        folder = make_tool(arguments[0])
    except NewToolError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{folder}: change tool.toml and probe.bpf.c, then run: python -m bpf.check\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
