"""From the stamp before the syscall to row text in the DOM of a real browser.

    python -m tests.bench.browser_latency [PER_SECOND] [COUNT]

One JSON line: percentiles in milliseconds over the rows that were drawn. Both clocks are this machine's wall clock.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from playwright.sync_api import Page

from tests.bench.browser_page import bench_page
from tests.e2e.stack import Stack, eventually
from tests.workloads.spawn import workload

# Remembers when the text of each stamped row was first in the document; rows that stand there already say nothing.
OBSERVE = """() => {
  window.drawn = new Map();
  const stamp = /stamp-(\\d+)-(\\d+)$/;
  const look = (delay) => {
    const now = performance.timeOrigin + performance.now();
    for (const cell of document.querySelectorAll('[data-testid="grid-row"] [data-col="path"]')) {
      const found = stamp.exec(cell.textContent);
      if (found && !window.drawn.has(found[1])) window.drawn.set(found[1], delay(now, found[2]));
    }
  };
  look(() => null);
  const since = (now, stamped) => now - Number(BigInt(stamped) / 1000n) / 1000;
  const options = {childList: true, subtree: true, characterData: true};
  new MutationObserver(() => look(since)).observe(document.body, options);
}"""


def delays(page: Page) -> np.ndarray:
    """Milliseconds, one a drawn row, in order of drawing."""
    return np.array(page.evaluate("() => [...window.drawn.values()].filter((delay) => delay !== null)"), dtype=float)


def measure(stack: Stack, page: Page, count: int, per_second: int) -> dict[str, float]:
    with workload("stamped_opens.py", count, per_second) as busy:
        page.goto(f"{stack.url}/tools/opensnoop/start")
        page.get_by_test_id("filter-pid").fill(str(busy.pid))
        busy.go()
        page.get_by_test_id("start-submit").click()
        page.get_by_test_id("grid-row").first.wait_for(timeout=20_000)
        page.evaluate(OBSERVE)
        busy.finish(seconds=count / per_second + 30)
    eventually(lambda: len(delays(page)) >= 3000, 10, f"rows drawn, {len(delays(page))} were")
    seen = delays(page)
    p50, p90, p99 = np.percentile(seen, [50, 90, 99])
    return {
        "events_per_second": per_second,
        "drawn": len(seen),
        "of": count,
        "p50_ms": round(p50, 1),
        "p90_ms": round(p90, 1),
        "p99_ms": round(p99, 1),
        "max_ms": round(float(seen.max()), 1),
    }


def main() -> None:
    per_second = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_003
    with bench_page() as (stack, page):
        print(json.dumps({"bench": "browser_latency", **measure(stack, page, count, per_second)}))


if __name__ == "__main__":
    main()
