"""What the architecture tests know of the tree: which files are ours, and which of them were written by a generator."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("agent", "bpf", "proto", "server", "client")


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """Files that git tracks, relative to the root, sorted."""
    listing = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return tuple(sorted(Path(name) for name in listing.stdout.split("\0") if name and (ROOT / name).exists()))


def is_generated(path: Path) -> bool:
    return "_pb2" in path.name or "migrations" in path.parts or "gen" in path.parts or path.name.endswith(".d.ts")


def product_modules() -> list[Path]:
    """Hand-written Python modules of the product, tests left out."""
    return [
        path
        for path in tracked("*.py")
        if path.parts[0] in PACKAGES and not is_generated(path) and not path.name.startswith("test_")
    ]
