"""`make matrix`: fill the cells that are not current, here and in guests, then write the page.

`python -m tests.matrix [--kernel 6.1] [TOOL...]` fills some of them. It may be stopped and started again at any time.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys

from tests.e2e.stack import ROOT
from tests.matrix import page, results
from tests.vm import kernels
from tests.vm.guest import run

GUEST_SECONDS = 3 * 3600


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.matrix")
    parser.add_argument("--kernel", choices=["here", *kernels.RELEASES], action="append")
    parser.add_argument("tools", nargs="*")
    options = parser.parse_args()
    if unknown := sorted({*options.tools} - {*results.names()}):
        parser.error(f"no such tool: {', '.join(unknown)}; it is the name of a folder in bpf/ with a test_stock.py")
    complete = True
    for kernel in options.kernel or ["here", *kernels.RELEASES]:
        complete &= _here(options.tools) if kernel == "here" else _guest(kernel, options.tools)
    page.write()
    return 0 if complete else 1


def _commit() -> str:
    """Dirty when more than results differs from it."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    same = ["git", "diff-index", "--quiet", "HEAD", "--", ".", ":!tests/matrix/results", ":!docs/kernels.md"]
    differs = subprocess.run(same, cwd=ROOT, check=False).returncode != 0
    return head.stdout.strip() + ("-dirty" if differs else "")


def _here(tools: list[str]) -> bool:
    command = [sys.executable, "-m", "tests.matrix.fill", str(results.RESULTS), _commit(), *tools]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _guest(kernel: str, tools: list[str]) -> bool:
    """Boots only when there is something to fill."""
    stale = results.stale(results.RESULTS, kernel, tools)
    if not stale:
        return True
    folder = ROOT / "var/matrix" / kernel
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(results.RESULTS, folder / "results", dirs_exist_ok=True)
    command = f".venv/bin/python -m tests.matrix.fill --guest /mnt/results {_commit()} {shlex.join(stale)}"
    try:
        run(kernels.vmlinuz(kernel), command, folder, GUEST_SECONDS)
    finally:
        shutil.copytree(folder / "results", results.RESULTS, dirs_exist_ok=True)
    return not results.stale(results.RESULTS, kernel, tools)


if __name__ == "__main__":
    sys.exit(main())
