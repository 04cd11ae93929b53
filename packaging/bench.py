"""Run every benchmark of tests/bench, one after the other: they share two cores with what they measure."""

import subprocess
import sys

from provision import ROOT


def main() -> int:
    failed = []
    for path in sorted((ROOT / "tests/bench").glob("*.py")):
        if "__main__" not in path.read_text():
            continue
        print(f"== {path.stem}", flush=True)
        command = [sys.executable, "-m", f"tests.bench.{path.stem}"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(path.stem)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
