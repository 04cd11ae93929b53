"""What a bench says, at a rate: `paced_steps.py BEFORE`.

BEFORE defines step(). It may define children(), which are living processes, and end(), which follows the last step.
Asked as the workloads of paced.h are: a line "COUNT PER_SECOND LIMIT_MS" is answered with "DONE CPU_NS WALL_NS".
"""

import os
import sys
import time


def used(children: list[int]) -> int:
    """By this process, by children that have ended, and by those that live: by the kernel's number of their clocks."""
    times = os.times()
    living = sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in children)
    ended = round((times.children_user + times.children_system) * 1e9)
    return time.process_time_ns() + living + ended


def repeat(step: object, count: int, per_second: int, limit: float) -> int:
    start = time.monotonic()
    for done in range(1, count + 1):
        step()  # type: ignore[operator]
        if time.monotonic() - start > limit:
            return done
        ahead = start + done / per_second - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
    return count


def main() -> None:
    names: dict[str, object] = {"children": list, "end": lambda: None}
    exec(sys.argv[1], names)
    children = names["children"]
    print(os.getpid(), flush=True)
    for line in sys.stdin:
        count, per_second, limit_ms = map(int, line.split())
        cpu, start = used(children()), time.monotonic_ns()  # type: ignore[operator]
        done = repeat(names["step"], count, per_second, limit_ms / 1000)
        names["end"]()  # type: ignore[operator]
        print(done, used(children()) - cpu, time.monotonic_ns() - start, flush=True)  # type: ignore[operator]


if __name__ == "__main__":
    main()
