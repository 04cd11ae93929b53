"""A minute of a fast stream in a real browser: frames a second, and the heap.

    python -m tests.bench.browser_rate [PER_SECOND] [SECONDS]

One JSON line. Frames are those that the browser itself counted, second by second; the heap is read after a collection.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import CDPSession, Page

from tests.bench.browser_page import bench_page
from tests.e2e.browsing import rows_total
from tests.e2e.stack import Stack
from tests.workloads.compiled import build, running

# Frames of each whole second, while the page draws what arrives.
COUNT = """() => {
  window.frames_of = new Map();
  const frame = (now) => {
    const second = Math.floor(now / 1000);
    window.frames_of.set(second, (window.frames_of.get(second) ?? 0) + 1);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
SETTLE_SECONDS = 3


def frames(page: Page) -> list[int]:
    """Of each whole second between the first and the last one."""
    counted: list[int] = page.evaluate("() => [...window.frames_of.values()]")
    return counted[1:-1]


def heap_mib(devtools: CDPSession) -> float:
    """Objects, and the arrays behind them, which hold the rows."""
    devtools.send("HeapProfiler.collectGarbage")
    heap = devtools.send("Runtime.getHeapUsage")
    return float(heap["usedSize"] + heap["backingStorageSize"]) / 2**20


def measure(stack: Stack, page: Page, folder: Path, per_second: int, seconds: int) -> dict[str, float]:
    devtools = page.context.new_cdp_session(page)
    calls = per_second * (seconds + 4 * SETTLE_SECONDS)
    with running(build("burst.c", folder), calls, per_second) as work:
        session = stack.detach("opensnoop", "--pid", str(work.pid), "--duration", "10m")
        page.goto(f"{stack.url}/sessions/{session}")
        work.go()
        page.get_by_test_id("grid-row").first.wait_for(timeout=60_000)
        time.sleep(SETTLE_SECONDS)
        page.evaluate(COUNT)
        before, heaps = rows_total(page), []
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            time.sleep(min(10, seconds))
            heaps.append(heap_mib(devtools))
        streamed = (rows_total(page) - before) / (time.monotonic() - start)
    seen = frames(page)
    return {
        "rows_per_second": round(streamed),
        "seconds": seconds,
        "fps_median": median(seen),
        "fps_least": min(seen),
        "heap_mib": round(max(heaps), 1),
        "heap_growth_mib": round(heaps[-1] - heaps[0], 1),
    }


def main() -> None:
    per_second = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    with tempfile.TemporaryDirectory() as made, bench_page() as (stack, page):
        print(json.dumps({"bench": "browser_rate", **measure(stack, page, Path(made), per_second, seconds)}))


if __name__ == "__main__":
    main()
