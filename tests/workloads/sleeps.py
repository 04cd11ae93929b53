"""Sleep COUNT times: `sleeps.py COUNT`. Prints its pid, starts when a line arrives on stdin."""

import os
import sys
import time


def main() -> None:
    count = int(sys.argv[1])
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    for _ in range(count):
        time.sleep(0.001)


if __name__ == "__main__":
    main()
