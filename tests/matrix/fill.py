"""Fill this kernel's cells: `fill.py RESULTS COMMIT [--guest] [TOOL...]`. A cell that is current is left as it is."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from types import FrameType

from bpf.catalog import ROOT as TOOLS
from tests.agent.runner import harness
from tests.e2e.stack import ROOT
from tests.matrix import preloaded, results
from tests.matrix.digest import digest
from tests.matrix.measure import measure

CELL_SECONDS = 600


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("commit")
    parser.add_argument("--guest", action="store_true")
    parser.add_argument("tools", nargs="*")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _too_long)
    if options.guest:
        preloaded.load()
        harness._spawn = preloaded.fork_runner  # type: ignore[assignment]
    kernel = results.series(os.uname().release)
    todo = results.stale(options.results, kernel, options.tools)
    filled = [fill(name, options.results, options.commit, guest=options.guest) for name in todo]
    return 0 if all(filled) else 1


def fill(tool: str, root: Path, commit: str, *, guest: bool) -> bool:
    """False when the cell could not be measured; it then stays what it was."""
    print(f"{tool} ...", flush=True)
    measured = results.Measured(commit, digest(TOOLS / tool))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        signal.alarm(CELL_SECONDS)
        try:
            result = measure(results.cell(tool), Path(folder), guest=guest)
        except Exception:  # one cell must not cost the others
            traceback.print_exc()
            return False
        finally:
            signal.alarm(0)
        output = Path(folder) / "stock.txt"
        text = output.read_text(errors="backslashreplace") if output.exists() else ""
        results.save(root, tool, measured, result.as_dict(), text.replace(folder, "/tmp").replace(f"{ROOT}/", ""))
    print(f"{tool}: {result.ours.state} {result.ours.reason}; stock: {result.stock.state} {result.stock.reason}")
    return True


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"not within {CELL_SECONDS} s")


if __name__ == "__main__":
    sys.exit(main())
