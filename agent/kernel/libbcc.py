"""BCC's shared library: where it is, and the copy of ``linux/bpf.h`` that it puts in front of every program."""

from __future__ import annotations

import re
from pathlib import Path

from agent.kernel.c_types import Taken

_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
_BPF_H = b"#ifndef _UAPI__LINUX_BPF_H__"


def library_path() -> Path:
    """Raises FileNotFoundError when BCC is not installed."""
    for folder in _FOLDERS:
        path = Path(folder, "libbcc.so.0")
        if path.exists():
            return path
    raise FileNotFoundError("BCC's library libbcc.so.0 was not found; install the package python3-bpfcc")


def bpf_header(library: Path) -> str:
    """The text of the library's own ``bpf.h``, which stays in force whatever the running kernel says."""
    data = library.read_bytes()
    start = data.find(_BPF_H)
    if start < 0:
        raise ValueError(f"{library} holds no bpf.h: this version of BCC is not supported; install python3-bpfcc 0.26")
    return data[start : data.index(b"\0", start)].decode("utf-8", "replace")


def defined_names(header: str) -> Taken:
    """Every name that a C header defines: types made from BTF must leave them out.

    Macros count as constants: newer kernels turned some of them into enumerators.
    """
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", header, flags=re.DOTALL)
    tags = re.findall(r"^(?:struct|union|enum)\s+(\w+)\s*\{", text, re.MULTILINE)
    typedefs = re.findall(r"^typedef\b[^;]*?(\w+);", text, re.MULTILINE)
    macros = re.findall(r"^\s*#\s*define\s+(\w+)", text, re.MULTILINE)
    helpers = [f"BPF_FUNC_{name}" for name in re.findall(r"\bFN\((\w+)[,)]", text)]
    return Taken(frozenset(tags), frozenset(typedefs), frozenset([*macros, *helpers, *_enumerators(text)]))


def _enumerators(text: str) -> list[str]:
    bodies = re.findall(r"\benum\s*\w*\s*\{(.*?)\}", text, re.DOTALL)
    items = [item for body in bodies for item in re.sub(r"^\s*#.*$", "", body, flags=re.MULTILINE).split(",")]
    return [match[1] for item in items if (match := re.match(r"\s*(\w+)", item))]
