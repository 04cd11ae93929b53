"""Processes of a stack and the BPF objects they hold, found by descent from the supervisor: never by name alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def _parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(errors="replace")  # names of processes are bytes
        except OSError:
            continue
        found[int(stat.parent.name)] = int(text.rsplit(")", 1)[1].split()[1])
    return found


def descendants(root: int) -> set[int]:
    parents = _parents()
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {root}


def with_module(root: int, module: str) -> list[int]:
    """Pids below root that run `python -m module`, lowest first."""
    found = []
    for pid in sorted(descendants(root)):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if module.encode() in words:
            found.append(pid)
    return found


def one(root: int, module: str) -> int:
    pids = with_module(root, module)
    assert pids, f"no process below {root} runs {module}"
    return pids[0]


def bpf_objects(pid: int) -> set[tuple[str, int]]:
    """("prog" | "map", id) of every BPF object that the process holds open."""
    found = set()
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            lines = info.read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            key, _, value = line.partition(":")
            if key in ("prog_id", "map_id"):
                found.add((key.removesuffix("_id"), int(value)))
    return found


def loaded() -> set[tuple[str, int]]:
    """Every BPF program and map of this kernel, as bpftool sees them."""
    found = set()
    for kind in ("prog", "map"):
        listing = subprocess.run(["bpftool", "-j", kind, "show"], capture_output=True, check=True, text=True).stdout
        found |= {(kind, item["id"]) for item in json.loads(listing)}
    return found


def perf_attached() -> set[int]:
    """Ids of programs attached through perf events."""
    listing = subprocess.run(["bpftool", "-j", "perf", "show"], capture_output=True, check=True, text=True).stdout
    return {item["prog_id"] for item in json.loads(listing)}
