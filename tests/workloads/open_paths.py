"""Open missing paths at a steady rate: `open_paths.py COUNT PER_SECOND PREFIX`. Starts when a line arrives on stdin.

PREFIX may hold any bytes; the n-th path is PREFIX + n. Prints its pid first, so that it can be the target of a session.
"""

import contextlib
import os
import sys
import time


def main() -> None:
    count, per_second, prefix = int(sys.argv[1]), float(sys.argv[2]), os.fsencode(sys.argv[3])
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    start = time.monotonic()
    for number in range(count):
        with contextlib.suppress(OSError):
            os.open(prefix + str(number).encode(), os.O_RDONLY)
        ahead = (number + 1) / per_second - (time.monotonic() - start)
        if ahead > 0.001:
            time.sleep(ahead)


if __name__ == "__main__":
    main()
