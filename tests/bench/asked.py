"""Bench: how long questions take while rows come in, and what asking costs the ingest.

    python -m tests.bench.asked [MILLION ROWS/S [SECONDS]]

Paced rates and, as rate 0, as fast as the server takes them. Rounds with and without questions take turns. The server
is a process of its own; whoever sends and whoever asks share this one and its CPUs, so the times are upper bounds.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles
from threading import Event, Thread
from time import perf_counter
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

import httpx  # noqa: E402  (Django first)
from cryptography import x509  # noqa: E402

from proto.v1.agent_pb2 import Heartbeat  # noqa: E402
from tests.bench.agents import cpu_seconds, resident_mib  # noqa: E402
from tests.bench.figures import spread  # noqa: E402
from tests.server.ingest import scripted  # noqa: E402
from tests.server.ingest.scripted import Agent, RunFrames, attached  # noqa: E402
from tests.server.processes import Server  # noqa: E402

RATES = (0.05, 0.5, 2.0, 0.0)  # million rows/s; 0: all that it takes
SECONDS = 10
ROUNDS = 3
MOST = 3.0  # million rows for each second asked for, where they are taken as fast as it goes
STEP = 0.1  # seconds between two sends
BATCH = 16_384
QUESTIONS: dict[str, dict[str, Any]] = {
    "first 100 rows": {"limit": 100},
    "top 20 paths": {"group_by": [{"column": "path"}], "limit": 20},
    "heat map of pids": {
        "group_by": [{"column": "time", "width": 10**9}, {"column": "pid", "log2": True}],
        "limit": 10_000,
    },
    "refused ones counted": {
        "filters": [{"column": "err", "op": "gt", "value": 0}],
        "measures": [{"function": "count"}],
    },
}


@dataclass
class Asking:
    """Somebody who asks one question after the other. A refusal ends the bench."""

    client: httpx.Client
    address: str
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problem: str = ""
    _end: Event = field(default_factory=Event)

    @contextmanager
    def all_along(self) -> Iterator[None]:
        thread = Thread(target=self._ask)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()
        if self.problem:
            raise SystemExit(self.problem)

    def _ask(self) -> None:
        while not self._end.is_set():
            for name, question in QUESTIONS.items():
                began = perf_counter()
                answer = self.client.post(self.address, json=question)
                self.took[name].append((perf_counter() - began) * 1000)
                if not answer.is_success or not answer.json()["rows"]:
                    self.problem = f"{name}: {answer.status_code} {answer.text[:300]}"
                    return


@dataclass(frozen=True, slots=True)
class Round:
    rate: float  # million rows a second, sent and acknowledged
    cpu: float  # of the server, seconds for each second
    mib: float
    took: dict[str, list[float]]


async def one_round(server: Server, pid: int, rate: float, seconds: float, *, asked: bool) -> Round:
    token = server.command("token", "admin").stdout.strip()
    made = await asyncio.to_thread(server.post, "/api/hosts/token", token, {})
    ca = x509.load_pem_x509_certificate((server.folder / "server/keys/public/ca.crt").read_bytes())
    address = f"localhost:{server.grpc}"
    identity = await scripted.join(address, scripted.pem_certificate(ca), made["token"])
    headers = {"Authorization": f"Bearer {token}"}
    async with scripted.agent(address, identity) as host:
        await host.hello()
        session = await asyncio.to_thread(server.post, "/api/sessions", token, {"tool": "opensnoop"})
        run = await attached(host)
        frames = RunFrames(run)
        host.send(frames.rows_of(BATCH))
        await host.ack(run, frames.seq)
        with httpx.Client(base_url=f"http://localhost:{server.http}", headers=headers, timeout=60) as client:
            asking = Asking(client, f"/api/sessions/{session['id']}/query")
            if asked:
                return await during(host, frames, pid, asking, rate, seconds)
            return await sent(host, frames, pid, rate, seconds, asking.took)


async def during(host: Agent, frames: RunFrames, pid: int, asking: Asking, rate: float, seconds: float) -> Round:
    with asking.all_along():
        return await sent(host, frames, pid, rate, seconds, asking.took)


async def sent(
    host: Agent, frames: RunFrames, pid: int, rate: float, seconds: float, took: dict[str, list[float]]
) -> Round:
    """The rows are made before: making them costs more than the server."""
    total = round((rate or MOST) * 1e6 * seconds)
    size = min(BATCH, round(rate * 1e6 * STEP) or BATCH)
    batches = [await made(host, frames, size) for _ in range(max(1, total // size))]
    for times in took.values():
        times.clear()  # asked while the batches were made
    cpu, began = cpu_seconds(pid), perf_counter()
    for number, batch in enumerate(batches):
        host.say(heartbeat=Heartbeat())
        if rate and (early := number * size / rate / 1e6 - (perf_counter() - began)) > 0:
            await asyncio.sleep(early)
        host.send(batch)
    await host.ack(frames.run_id, frames.seq)
    wall = perf_counter() - began
    return Round(len(batches) * size / wall / 1e6, (cpu_seconds(pid) - cpu) / wall, resident_mib(pid), took)


async def made(host: Agent, frames: RunFrames, size: int) -> bytes:
    """A batch; the host says that it lives, as making all of them takes longer than its silence is borne."""
    host.say(heartbeat=Heartbeat())
    await asyncio.sleep(0)
    return frames.rows_of(size)


def measured(rate: float, seconds: float, *, asked: bool) -> Round:
    with tempfile.TemporaryDirectory(prefix="fleetscope-bench-") as folder:
        server = Server(Path(folder))
        with server.running() as process:
            server.wait_healthy()
            server.command("onetime")
            return asyncio.run(one_round(server, process.pid, rate, seconds, asked=asked))


def told(rate: float, seconds: float) -> dict[str, Any]:
    pairs = [(measured(rate, seconds, asked=True), measured(rate, seconds, asked=False)) for _ in range(ROUNDS)]
    asked, unasked = zip(*pairs, strict=True)
    return {
        "ms": {name: latency([time for one in asked for time in one.took[name]]) for name in QUESTIONS},
        "p95_ms": asdict(spread([max(latency(times)["p95"] for times in one.took.values()) for one in asked])),
        "million_rows_a_second": asdict(spread([one.rate for one in asked])),
        "million_rows_a_second_unasked": asdict(spread([one.rate for one in unasked])),
        "server_cpu": asdict(spread([one.cpu for one in asked])),
        "server_cpu_unasked": asdict(spread([one.cpu for one in unasked])),
        "server_mib": asdict(spread([one.mib for one in asked])),
        "server_mib_unasked": asdict(spread([one.mib for one in unasked])),
    }


def latency(times: list[float]) -> dict[str, float]:
    cuts = quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    return {"p50": round(median(times), 1), "p95": round(cuts[18], 1), "asked": len(times)}


def main() -> None:
    given = [float(text) for text in sys.argv[1:]]
    scripted.SECONDS = 300
    for rate in given[:1] or RATES:
        found = told(rate, given[1] if len(given) > 1 else SECONDS)
        name = f"{rate:g} million" if rate else "all that it takes"
        print(json.dumps({"bench": f"asked.{name}", **found}), flush=True)


if __name__ == "__main__":
    main()
