"""From the click on Start to the first row on the screen, the agent up and its verdict known: the first session of a
stack (cold), and those after it (warm).

    python -m tests.bench.first_row [ROUNDS]

The browser shares the machine's cores with server, agent and compiler, as nobody's does; the workload opens 100 paths a
second, so that a row is there soon after the probes are.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime

from playwright.sync_api import Page

from tests.bench.browser_page import bench_page
from tests.bench.figures import Figure, spread
from tests.e2e.stack import Stack
from tests.workloads.spawn import workload

PER_SECOND = 100
PATIENCE = 30_000  # milliseconds


def first_row(stack: Stack, page: Page) -> tuple[float, float]:
    """Seconds from the click to the row, and those of them until the server knew that the probes are attached."""
    with workload("open_paths.py", PER_SECOND * 60, PER_SECOND, "/nonexistent/first-row-") as busy:
        page.goto(f"{stack.url}/tools/opensnoop/start")
        page.get_by_test_id("filter-pid").fill(str(busy.pid))
        busy.go()
        clicked, wall = time.monotonic(), time.time()
        page.get_by_test_id("start-submit").click()
        page.get_by_test_id("grid-row").first.wait_for(timeout=PATIENCE)
        took = time.monotonic() - clicked
        session = page.url.rstrip("/").rsplit("/", 1)[1]
        (run,) = stack.session(session)["runs"]
        attached = datetime.fromisoformat(run["started_at"]).timestamp() - wall
        stack.command("stop", session)
        stack.wait_ended(session)
    return took, attached


def main(rounds: int) -> None:
    with bench_page() as (stack, page):
        found = [first_row(stack, page) for _ in range(1 + rounds)]
    for name, some in (("cold", found[:1]), ("warm", found[1:])):
        attached = spread([until for _, until in some]).median
        note = f"opensnoop; {attached:.2f} s of it until the probes were attached"
        Figure(f"first_row.{name}", "s", spread([took for took, _ in some]), note=note).tell()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
