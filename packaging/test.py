"""Run every check of this tree, the quick ones first, and say at the end what failed.

`--static`: no tests. `--vm`: only the tests that boot other kernels. `--faults N`: N rounds of every fault.
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from provision import ROOT, VENV
from provision.frontend import FRONTEND
from provision.node import find_node

PYTHON_CODE = ("proto", "bpf", "agent", "server", "client", "packaging", "tests")


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    argv: tuple[str, ...]
    again: tuple[str, ...] = ()  # what failed, once more: tests beside other work on the machine are not all steady
    cwd: Path = ROOT
    env: dict[str, str] | None = None


def main() -> int:
    checks = chosen(sys.argv[1:])
    failed = [check.name for check in checks if not passes(check)]
    print(f"failed: {', '.join(failed)}" if failed else f"all {len(checks)} checks passed")
    return 1 if failed else 0


def chosen(words: list[str]) -> list[Check]:
    if "--faults" in words:
        return [pytest("tests/faults", "--fault-rounds", words[-1])]
    if "--vm" in words:
        return [pytest("-m", "vm", "tests/vm", "tests/matrix")]
    return static_checks() if "--static" in words else static_checks() + tests()


def static_checks() -> list[Check]:
    return [
        Check("ruff check", (_bin("ruff"), "check", ".")),
        Check("ruff format", (_bin("ruff"), "format", "--check", ".")),
        Check("mypy", (_bin("mypy"), *(folder for folder in PYTHON_CODE))),
        _npm("typescript", "exec", "--", "tsc", "--noEmit"),
        _npm("eslint", "exec", "--", "eslint", "."),
    ]


def tests() -> list[Check]:
    return [_npm("vitest", "run", "--silent", "test"), pytest("-m", "not vm and not long")]


def pytest(*words: str) -> Check:
    command = (_bin("python"), "-m", "pytest", *words)
    return Check("pytest", command, again=(*command, "--last-failed", "--last-failed-no-failures", "none"))


def passes(check: Check) -> bool:
    print(f"== {check.name}", flush=True)
    started = time.monotonic()
    status = subprocess.run(check.argv, cwd=check.cwd, env=check.env, check=False).returncode
    if status and check.again:
        print(
            f"== {check.name}: exit code {status}; what failed runs once more, and is unsteady if it passes now",
            flush=True,
        )
        status = subprocess.run(check.again, cwd=check.cwd, env=check.env, check=False).returncode
    print(f"== {check.name}: {'passed' if status == 0 else f'exit code {status}'}, {time.monotonic() - started:.1f} s")
    return status == 0


def _bin(name: str) -> str:
    return str(VENV / "bin" / name)


def _npm(name: str, *words: str) -> Check:
    node = find_node()
    return Check(name, (*node.npm, *words), cwd=FRONTEND, env=node.env)


if __name__ == "__main__":
    sys.exit(main())
