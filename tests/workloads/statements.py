"""Do what a test says: `statements.py BEFORE THEN`, two pieces of Python.

BEFORE prepares (imports, sockets) and is not traced; then the pid is printed, and THEN runs when a line arrives
on stdin. What THEN prints is what the test compares with.
"""

import os
import sys


def main() -> None:
    before, then = sys.argv[1], sys.argv[2]
    names: dict[str, object] = {}
    exec(before, names)
    compiled = compile(then, "then", "exec")
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    exec(compiled, names)


if __name__ == "__main__":
    main()
