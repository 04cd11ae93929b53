"""Open missing paths that say when: `stamped_opens.py COUNT PER_SECOND`.

Each path ends in -<n>-<wall clock ns before the call>.

Starts when a line arrives on stdin; prints its pid first.
"""

import contextlib
import os
import sys
import time


def main() -> None:
    count, per_second = int(sys.argv[1]), float(sys.argv[2])
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    start = time.monotonic()
    for number in range(count):
        with contextlib.suppress(OSError):
            os.open(f"/nonexistent/stamp-{number}-{time.time_ns()}", os.O_RDONLY)
        ahead = (number + 1) / per_second - (time.monotonic() - start)
        if ahead > 0:
            time.sleep(ahead)


if __name__ == "__main__":
    main()
