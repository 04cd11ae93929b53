"""`python -m tests.bench.rates [--rounds N] [--write] [TOOL...]`: measure, print a JSON line for each tool.

With --write the results are kept and the READMEs' tables written from them. Half a minute for each tool and round.
--tables only writes the tables again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from agent.kernel.bpf_syscall import enable_stats
from agent.kernel.calibrate import prices
from agent.kernel.headers import ensure_headers
from tests.agent.runner.harness import HEADERS_CACHE
from tests.bench.rates import page, results
from tests.bench.rates.case import Case
from tests.bench.rates.cases import CASES
from tests.bench.rates.measure import measure


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.rates")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--tables", action="store_true")
    parser.add_argument("tools", nargs="*")
    options = parser.parse_args()
    if options.tables:
        return _write()
    return _measure(options)


def _write() -> int:
    for tool in results.tools():
        page.write(tool)
    return 0


def _measure(options: argparse.Namespace) -> int:
    complete, host = True, results.machine()
    wanted = (case for case in CASES if not options.tools or case.tool in options.tools)
    with tempfile.TemporaryDirectory() as cache:
        priced = prices(str(ensure_headers(HEADERS_CACHE) or ""), Path(cache))
    for tool, cases in groupby(wanted, lambda case: case.tool):
        try:
            found = {"tool": tool, **host, **_measured(list(cases), options.rounds, priced)}
        except Exception:  # one tool must not cost the others
            traceback.print_exc()
            complete = False
            continue
        print(json.dumps(found), flush=True)
        if options.write:
            results.save(tool, found)
            page.write(tool)
    return 0 if complete else 1


def _measured(cases: list[Case], rounds: int, priced: Mapping[int, int]) -> dict[str, Any]:
    busy, statistics = os.getloadavg()[0], enable_stats()
    try:
        tables = list(_tables(cases, rounds, priced))
    finally:
        os.close(statistics)
    load = [round(busy, 1), round(os.getloadavg()[0], 1)]
    return {"load": load, "prices_ns": results.named(priced), "tables": tables}


def _tables(cases: list[Case], rounds: int, priced: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            yield results.as_table(case, measure(case, rounds, Path(folder), priced))


if __name__ == "__main__":
    sys.exit(main())
