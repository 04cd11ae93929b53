"""Open missing paths in steps: `counted_opens.py PREFIX`, then lines `COUNT PER_SECOND` on stdin; 0 is at full speed.

The n-th path is PREFIX + n, counted over all steps. Prints its pid first and after every step how many there were.
"""

import os
import sys
import time


def main() -> None:
    prefix = os.fsencode(sys.argv[1])
    print(os.getpid(), flush=True)
    number = 0
    for line in sys.stdin:
        count, per_second = int(line.split()[0]), float(line.split()[1])
        emit(prefix, number, number + count, per_second)
        number += count
        print(number, flush=True)


def emit(prefix: bytes, first: int, end: int, per_second: float) -> None:
    start = time.monotonic()
    for number in range(first, end):
        try:  # noqa: SIM105  (contextlib would take a third of the rate)
            os.open(prefix + str(number).encode(), os.O_RDONLY)
        except OSError:
            pass
        if per_second and (ahead := (number + 1 - first) / per_second - (time.monotonic() - start)) > 0.001:
            time.sleep(ahead)


if __name__ == "__main__":
    main()
