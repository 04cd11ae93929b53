"""Bench: rows through a real gRPC connection into the store, acknowledged after fdatasync.

    python -m tests.bench.ingest [ROWS IN A BATCH] [BATCHES]

The server is a process of its own; its CPU is what is counted.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from cryptography import x509  # noqa: E402  (Django first)

from tests.bench.agents import cpu_seconds, resident_mib  # noqa: E402
from tests.server.ingest import scripted  # noqa: E402
from tests.server.ingest.scripted import RunFrames, attached  # noqa: E402
from tests.server.processes import Server  # noqa: E402


async def measure(server: Server, pid: int, rows: int, batches: int) -> dict[str, float]:
    token = server.command("token", "admin").stdout.strip()
    made = await asyncio.to_thread(server.post, "/api/hosts/token", token, {})
    ca = x509.load_pem_x509_certificate((server.folder / "server/keys/public/ca.crt").read_bytes())
    address = f"localhost:{server.grpc}"
    identity = await scripted.join(address, scripted.pem_certificate(ca), made["token"])
    async with scripted.agent(address, identity) as host:
        await host.hello()
        await asyncio.to_thread(server.post, "/api/sessions", token, {"tool": "opensnoop"})
        run = await attached(host)
        made_frames = RunFrames(run)
        frames = [made_frames.rows_of(rows) for _ in range(batches)]
        cpu, began = cpu_seconds(pid), perf_counter()
        host.send(*frames)
        await host.ack(run, batches)
        wall, cpu = perf_counter() - began, cpu_seconds(pid) - cpu
    return {
        "rows_in_a_batch": rows,
        "batches": batches,
        "bytes_a_row": round(sum(map(len, frames)) / rows / batches, 1),
        "million_rows_a_server_cpu_second": round(rows * batches / cpu / 1e6, 2),
        "million_rows_a_second": round(rows * batches / wall / 1e6, 2),
        "server_mib": round(resident_mib(pid), 1),
    }


def main() -> None:
    given = [int(text) for text in sys.argv[1:]]
    scripted.SECONDS = 120
    for rows, batches in [(given[0], given[1])] if len(given) == 2 else [(16_384, 240), (500, 2000)]:
        with tempfile.TemporaryDirectory(prefix="fleetscope-bench-") as folder:
            server = Server(Path(folder))
            with server.running() as process:
                server.wait_healthy()
                server.command("onetime")
                found = asyncio.run(measure(server, process.pid, rows, batches))
                print(json.dumps({"bench": f"ingest.{rows} rows", **found}))


if __name__ == "__main__":
    main()
