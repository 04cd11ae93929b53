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
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from cryptography import x509  # noqa: E402  (Django first)

from proto.v1.agent_pb2 import Heartbeat  # noqa: E402
from tests.bench.agents import cpu_seconds, resident_mib  # noqa: E402
from tests.bench.figures import spread  # noqa: E402
from tests.server.ingest import scripted  # noqa: E402
from tests.server.ingest.scripted import Agent, RunFrames, attached  # noqa: E402
from tests.server.processes import Server  # noqa: E402

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Round:
    """Millions of rows, for each second of the server's CPU and for each second."""

    by_cpu: float
    by_clock: float
    bytes_a_row: float


async def measure(server: Server, pid: int, rows: int, batches: int) -> dict[str, Any]:
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
        rounds = [await one_round(host, made_frames, run, pid, rows, batches) for _ in range(ROUNDS)]
    return {
        "rows_in_a_batch": rows,
        "batches": batches,
        "bytes_a_row": round(rounds[0].bytes_a_row, 1),
        "million_rows_a_server_cpu_second": asdict(spread([one.by_cpu for one in rounds])),
        "million_rows_a_second": asdict(spread([one.by_clock for one in rounds])),
        "server_mib": round(resident_mib(pid), 1),
    }


async def one_round(host: Agent, made: RunFrames, run: bytes, pid: int, rows: int, batches: int) -> Round:
    host.say(heartbeat=Heartbeat())  # making the batches takes seconds
    frames = [made.rows_of(rows) for _ in range(batches)]
    cpu, began = cpu_seconds(pid), perf_counter()
    host.send(*frames)
    await host.ack(run, made.seq)
    wall, cpu = perf_counter() - began, cpu_seconds(pid) - cpu
    millions = rows * batches / 1e6
    return Round(millions / cpu, millions / wall, sum(map(len, frames)) / rows / batches)


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
