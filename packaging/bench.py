"""Run the benchmarks of tests/bench, one after the other, and write their figures into docs/benchmarks.md.

bench.py [NAME...]; what is not named keeps its figures of before. They share two cores with what they measure.
"""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from agent.kernel.mounts import ensure_mounts
from provision import ROOT

FOLDER = ROOT / "tests/bench"
RESULTS = FOLDER / "results/table.jsonl"
# Each prints JSON lines; `rates` keeps its figures in the READMEs of the tools.
PLAIN = (
    *("capture", "loss", "slowdown", "rest", "browser_latency", "first_row", "browser_rate", "drain"),
    *("stages", "store", "query", "flame", "ingest", "asked", "live", "agents", "audit_verify"),
)
# The module of tests.bench and its arguments.
BENCHES: dict[str, list[str]] = {
    **{name: [name] for name in PLAIN},
    "query_large": ["query", "100000000"],
    "rates": ["rates", "--write"],
}


def main(names: list[str]) -> int:
    if unknown := set(names) - set(BENCHES):
        print(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    ensure_mounts()  # the peers read tracefs, which a bare machine has not mounted
    lines = {line["bench"]: line for line in map(json.loads, _lines(RESULTS))}
    before, failed = os.getloadavg()[0], []
    for name in names or BENCHES:
        print(f"== {name}", flush=True)
        done = _run(name, lines)
        failed += [] if done else [name]
    lines["machine"] = _machine(before)
    RESULTS.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines.values()))
    for step in ("tests.bench.plots", "tests.bench.table"):
        subprocess.run([sys.executable, "-m", step], cwd=ROOT, check=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str, lines: dict[str, dict[str, object]]) -> bool:
    """Its lines replace older ones of the same name; those of one that fails are kept out."""
    module, *arguments = BENCHES[name]
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode == 0:
        new = [json.loads(text) for text in done.stdout.splitlines() if text.startswith("{")]
        lines |= {line["bench"]: line for line in new if "bench" in line}
    return done.returncode == 0


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _machine(before: float) -> dict[str, object]:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return {
        "bench": "machine",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit.stdout.strip(),
        "cores": os.cpu_count(),
        "kernel": f"Linux {platform.release()}",
        "load_before": before,
        "load_after": os.getloadavg()[0],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
