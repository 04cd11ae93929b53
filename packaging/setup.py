"""Prepare this machine and this tree: `python3 packaging/setup.py run|test`. Standard library only.

Everything already in place is skipped; what is in place is known by stamps, so a second call takes well under a second.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this runs before anything has checked it
    sys.exit(f"fleetscope: {sys.executable} is Python {sys.version.split()[0]}, 3.11 or later is needed; use Debian 12")

from provision import SetupError
from provision.plan import prepare


def main() -> int:
    purpose = sys.argv[1] if len(sys.argv) == 2 else ""
    if purpose not in ("run", "test"):
        print("usage: packaging/setup.py run|test", file=sys.stderr)
        return 2
    try:
        prepare(for_tests=purpose == "test")
    except SetupError as error:
        print(f"fleetscope: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"fleetscope: set-up failed: {error}; does this folder belong to you?", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fleetscope: set-up interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
