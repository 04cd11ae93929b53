"""A family of processes that open missing paths: `family.py COUNT PREFIX`. Starts when a line arrives on stdin.

Before: prints its pid and forks `early`, which will fork `early-child`. Then each opens COUNT paths PREFIX/name/n:
`root`, a thread of it, `child`, a process of `child` that has been orphaned, and one that is another program by exec.
"""

import contextlib
import os
import sys
import threading


def opens(name: str, count: int, prefix: str) -> None:
    for number in range(count):
        with contextlib.suppress(OSError):
            os.open(f"{prefix}/{name}/{number}", os.O_RDONLY)


def forked(work: object) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()  # type: ignore[operator]
        finally:
            os._exit(0)
    return pid


def main() -> None:
    count, prefix = int(sys.argv[1]), sys.argv[2]
    if len(sys.argv) > 3:
        opens(sys.argv[3], count, prefix)
        return
    begun, begin = os.pipe()

    def early() -> None:
        os.close(begin)
        os.read(begun, 1)
        opens("early", count, prefix)
        os.waitpid(forked(lambda: opens("early-child", count, prefix)), 0)

    def child() -> None:
        opens("child", count, prefix)
        forked(lambda: opens("orphan", count, prefix))

    first = forked(early)
    os.close(begun)
    print(os.getpid(), flush=True)
    sys.stdin.readline()
    os.close(begin)
    opens("root", count, prefix)
    thread = threading.Thread(target=opens, args=("thread", count, prefix))
    thread.start()
    thread.join()
    os.waitpid(forked(child), 0)
    program = [sys.executable, "-S", __file__, str(count), prefix, "exec"]
    os.waitpid(forked(lambda: os.execv(program[0], program)), 0)
    os.waitpid(first, 0)


if __name__ == "__main__":
    main()
