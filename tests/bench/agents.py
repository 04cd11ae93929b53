"""Bench: many simulated agents on one server: what they cost while idle, and how soon a start reaches all of them.

    python -m tests.bench.agents [AGENTS]

The server is a process of its own; the agents share this one with its CPUs, so the times are upper bounds.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import perf_counter

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from proto.v1 import agent_pb2 as pb  # noqa: E402  (Django first)
from tests.server.ingest import scripted  # noqa: E402
from tests.server.ingest.scripted import Agent, Identity  # noqa: E402
from tests.server.processes import ROOT, Server  # noqa: E402

IDLE_SECONDS = 10.0
AT_ONCE = 50
# Joining is limited to one a second from an address: the identities are made beside the server.
ENROL = """
import os, pickle, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "server.settings"
import django
django.setup()
from proto.v1.agent_pb2 import EnrollRequest
from server import pki
from server.fleet.joining import enrol, new_token
from tests.server.ingest.scripted import Identity, make_csr, pem_of
made = []
for number in range(int(sys.argv[1])):
    key = pki.new_key()
    request = EnrollRequest(token=new_token("bench").token, csr_pem=make_csr(key), host_name=f"host-{number}")
    reply = enrol(request, "bench")
    made.append((reply.host_id, reply.host_name, pem_of(key), reply.certificate_pem, reply.ca_pem, reply.command_key))
pickle.dump(made, sys.stdout.buffer)
"""


def identities(server: Server, count: int) -> list[Identity]:
    command = [sys.executable, "-c", ENROL, str(count)]
    done = subprocess.run(command, cwd=ROOT, env=server.env, check=True, stdout=subprocess.PIPE)
    return [Identity(*fields) for fields in pickle.loads(done.stdout)]


def resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def connected(server: Server, known: list[Identity]) -> AsyncIterator[list[Agent]]:
    agents: list[Agent] = []
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:

        async def connect(identity: Identity) -> None:
            async with gate:
                agent = await stack.enter_async_context(scripted.agent(f"localhost:{server.grpc}", identity))
                agents.append(agent)
                await agent.hello()
                agent.open_data()

        async def beat() -> None:
            while True:
                for agent in agents:
                    agent.say(heartbeat=pb.Heartbeat())
                await asyncio.sleep(5)

        beating = asyncio.create_task(beat())
        await asyncio.gather(*(connect(identity) for identity in known))
        yield agents
        beating.cancel()


async def measure(server: Server, pid: int, count: int) -> dict[str, float]:
    token = server.command("token", "admin").stdout.strip()
    base = resident_mib(pid)
    known = identities(server, count)
    began = perf_counter()
    async with connected(server, known) as agents:
        connect_seconds = perf_counter() - began
        before = cpu_seconds(pid)
        await asyncio.sleep(IDLE_SECONDS)
        idle_percent = (cpu_seconds(pid) - before) / IDLE_SECONDS * 100
        idle_mib = resident_mib(pid)
        delays = await start_everywhere(server, token, agents)
        return {
            "agents": count,
            "server_mib_alone": round(base, 1),
            "server_mib_idle": round(idle_mib, 1),
            "server_mib_after_start": round(resident_mib(pid), 1),
            "idle_cpu_percent": round(idle_percent, 1),
            "connect_all_s": round(connect_seconds, 1),
            "start_p50_s": round(delays[len(delays) // 2], 2),
            "start_p99_s": round(delays[len(delays) * 99 // 100], 2),
        }


async def start_everywhere(server: Server, token: str, agents: list[Agent]) -> list[float]:
    """Seconds from the request to each agent's order, sorted."""
    began = perf_counter()

    async def ordered(agent: Agent) -> float:
        await agent.start()
        return perf_counter() - began

    waiting = [asyncio.create_task(ordered(agent)) for agent in agents]
    names = [agent.identity.name for agent in agents]
    await asyncio.to_thread(server.post, "/api/sessions", token, {"tool": "opensnoop", "hosts": names})
    return sorted(await asyncio.gather(*waiting))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    scripted.SECONDS = 120
    with tempfile.TemporaryDirectory(prefix="fleetscope-bench-") as folder:
        server = Server(Path(folder), {"FLEETSCOPE_APPROVAL_HOSTS": "0"})
        with server.running() as process:
            server.wait_healthy()
            server.command("onetime")
            print(json.dumps({"bench": "agents", **asyncio.run(measure(server, process.pid, count))}))


if __name__ == "__main__":
    main()
