"""What one hit of a probe costs this host beside the BPF program itself, in ns: a session's budget is reckoned with it.

``python -m agent.kernel.calibrate --cache DIR --headers DIR`` prints the prices as one JSON object, attach type to ns.
They are measured once and kept until kernel or processor change.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path

from agent.files import write_atomic
from agent.kernel.headers import kernel_build_id
from proto.v1.tool_pb2 import ProbeType

_VERSION = 2  # of what is measured: prices of an earlier one are not read back


def prices(headers: str, cache: Path) -> dict[int, int]:
    """ProbeType to ns a hit; a type that cannot be measured here is absent. ``cache``: a folder that lasts."""
    path, host = cache / "prices.json", f"{kernel_build_id()} {_processor()} {_VERSION}"
    known = _read(path, host)
    if known is None:
        from agent.kernel.measure import measure  # loads the compiler: 100 MB that a warm cache saves

        known = measure(headers)
        names = {ProbeType.Name(kind): price for kind, price in known.items()}
        write_atomic(path, json.dumps({"host": host, "prices": names}).encode())
    return known


def _read(path: Path, host: str) -> dict[int, int] | None:
    try:
        document = json.loads(path.read_bytes())
        if document["host"] != host:
            return None
        return {ProbeType.Value(name): int(price) for name, price in document["prices"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # none yet, or not ours: measuring again is always right


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else os.uname().machine


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="agent.kernel.calibrate")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--headers", default="")
    options = parser.parse_args(arguments)
    options.cache.mkdir(parents=True, exist_ok=True)
    found = prices(options.headers, options.cache)
    sys.stdout.write(json.dumps({ProbeType.Name(kind): price for kind, price in found.items()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
