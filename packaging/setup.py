"""Prepare this machine and this tree. Standard library only.

    setup.py run              everything that `make run` needs
    setup.py test             that, and what the tests need
    setup.py gen              that, but for the build of the frontend
    setup.py bench            what the tests need, and the tracers that ours is measured beside
    setup.py test-vm          what the tests need, and what guests with other kernels need
    setup.py packages GROUP   only .venv, with the Python packages of one group (container images)

Everything already in place is skipped; what is in place is known by stamps, so a second call takes well under a second.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this runs before anything has checked it
    sys.exit(f"fleetscope: {sys.executable} is Python {sys.version.split()[0]}, 3.11 or later is needed; use Debian 12")

from provision import SetupError, apt
from provision.plan import prepare
from provision.venv import make_venv


def main() -> int:
    try:
        return _run(sys.argv[1:])
    except SetupError as error:
        print(f"fleetscope: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"fleetscope: set-up failed: {error}; does this folder belong to you?", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fleetscope: set-up interrupted; run it again to go on", file=sys.stderr)
        return 130


def _run(words: list[str]) -> int:
    match words:
        case ["run"]:
            prepare()
        case ["test"]:
            prepare(packages=apt.TEST, groups=["dev"])
        case ["gen"]:
            prepare(packages=apt.TEST, groups=["dev"], build=False)
        case ["bench"]:
            prepare(packages=(*apt.TEST, *apt.BENCH), groups=["dev", "bench"])
        case ["test-vm"]:
            prepare(packages=(*apt.TEST, *apt.TEST_VM), groups=["dev"])
        case ["packages", group]:
            make_venv([group])
        case _:
            print("usage: packaging/setup.py run | test | gen | bench | test-vm | packages GROUP", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
