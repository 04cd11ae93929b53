"""Run every benchmark of tests/bench, one after the other: they share two cores with what they measure."""

import subprocess
import sys

from provision import ROOT


def benches() -> list[str]:
    """Modules and packages that can be run."""
    folder = ROOT / "tests/bench"
    modules = [path.stem for path in folder.glob("*.py") if "__main__" in path.read_text()]
    return sorted([*modules, *(path.parent.name for path in folder.glob("*/__main__.py"))])


def main() -> int:
    failed = []
    for name in benches():
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"tests.bench.{name}"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
