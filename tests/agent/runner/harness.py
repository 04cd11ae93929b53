"""Plays the warden's side for one run of a tool: starts the real runner, collects what it spools, decodes the rows.

with Run("opensnoop", filters=Filters(pid=pid)) as run:   # attached when this returns
    ...workload...
    run.stop()
run.rows(), run.end, run.ledger
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from agent.kernel.headers import ensure_headers
from bpf.catalog import ROOT, load_tool
from bpf.params import parse_limits
from proto import frame
from proto.columnar import decode_body
from proto.v1 import agent_pb2, local_pb2, stream_pb2

HEADERS_CACHE = Path("/tmp/fleetscope-test-headers")
PACKET = 1024 * 1024


class Run:
    """``first`` is the first update, with the schema and the clock anchor; ``fds`` came with it, counters map first."""

    def __init__(
        self,
        tool: str,
        params: Mapping[str, str] | None = None,
        filters: agent_pb2.Filters | None = None,
        limits: agent_pb2.RunLimits | None = None,
        *,
        variant: str = "",
        watched: bool = False,
        spool_bytes: int = 0,
        spool_gid: int = 0,
        skip_families: Sequence[int] = (),
        redaction: local_pb2.RedactionRules | None = None,
        hidden: agent_pb2.Hidden | None = None,
    ) -> None:
        entry = load_tool(ROOT / tool)
        self.folder = Path(tempfile.mkdtemp(prefix="fleetscope-run-"))
        self.run_id = uuid.uuid4().bytes
        self.updates: list[agent_pb2.RunUpdate] = []
        self.targets = agent_pb2.ResolvedTargets()
        self.fds: list[int] = []
        self.program_types: list[int] = []
        envelope = agent_pb2.Envelope(tool=tool, tool_digest=entry.digest, params=params or {}, filters=filters)
        headers = ensure_headers(HEADERS_CACHE)
        self._config = local_pb2.RunnerConfig(
            run_id=self.run_id,
            envelope=envelope,
            limits=parse_limits(entry.tool, limits or agent_pb2.RunLimits()),
            spool_dir=str(self.folder),
            spool_bytes=spool_bytes,
            spool_gid=spool_gid,
            headers_dir=str(headers) if headers else "",
            skip_families=skip_families,
            variant=variant,
            redaction=redaction,
            hidden=hidden,
        )
        self._watched = watched
        self._socket, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Run:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.wait()
        self.close()

    def start(self, seconds: float = 120) -> None:
        """Returns when the probes are attached, or the run has ended because they could not be."""
        self._socket.send(self._config.SerializeToString())
        if self._watched:
            watch = agent_pb2.Watch(run_id=self.run_id, watched=True)
            self._socket.send(local_pb2.WardenToRunner(watch=watch).SerializeToString())
        self.process = _spawn(self._theirs)
        self._theirs.close()
        assert self.receive(seconds), "the runner ended without a word"

    @property
    def first(self) -> agent_pb2.RunUpdate:
        return self.updates[0]

    @property
    def last(self) -> agent_pb2.RunUpdate:
        return self.updates[-1]

    @property
    def end(self) -> stream_pb2.RunEnd:
        return self.heads()[-1].end

    @property
    def ledger(self) -> stream_pb2.Ledger:
        return self.heads()[-1].ledger

    def lost(self) -> dict[str, int]:
        return {
            stream_pb2.LossCause.Name(loss.cause).removeprefix("LOSS_CAUSE_").lower(): loss.events
            for loss in self.ledger.lost
            if loss.events
        }

    def stop(
        self, message: str = "stopped by the test", cause: stream_pb2.EndCause = stream_pb2.END_CAUSE_STOPPED
    ) -> None:
        """A run that has ended by itself meanwhile is stopped already."""
        stop = agent_pb2.Stop(run_id=self.run_id, cause=cause, message=message)
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.send(local_pb2.WardenToRunner(stop=stop).SerializeToString())

    def terminate(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGTERM)

    def send(self, packet: bytes) -> None:
        """Anything."""
        self._socket.send(packet)

    def hang_up(self) -> None:
        """As if the warden had died."""
        self._socket.close()

    def receive(self, seconds: float) -> bool:
        """Take one update; False at the end of the socket. Raises TimeoutError."""
        self._socket.settimeout(seconds)
        try:
            data, fds, _, _ = socket.recv_fds(self._socket, PACKET, 64)
        except ConnectionResetError:
            # Told once, when the runner ended without having read all of ours; what it said is still to be read.
            data, fds, _, _ = socket.recv_fds(self._socket, PACKET, 64)
        self.fds += fds
        if not data:
            return False
        message = local_pb2.RunnerToWarden.FromString(data)
        if message.update.HasField("targets"):
            self.targets = message.update.targets
            self._socket.send(local_pb2.WardenToRunner(recorded=True).SerializeToString())
            return self.receive(seconds)
        self.updates.append(message.update)
        self.program_types += message.program_types
        return True

    def wait(self, seconds: float = 120) -> None:
        """Until the runner has ended; it must have closed its books itself."""
        assert self.process
        if self.process.poll() is not None and self.last.state == agent_pb2.RunUpdate.STATE_ENDED:
            return
        deadline = time.monotonic() + seconds
        while self.receive(max(deadline - time.monotonic(), 0.1)):
            pass
        assert self.process.wait(seconds) == 0
        assert self.last.state == agent_pb2.RunUpdate.STATE_ENDED

    def wait_for(self, stored: int, seconds: float = 30) -> None:
        """Until so many events are on the spool. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while self.last.ledger.stored < stored:
            if time.monotonic() > deadline or not self.receive(max(deadline - time.monotonic(), 0.1)):
                raise TimeoutError(f"{self.last.ledger.stored} of {stored} events stored")

    def frames(self) -> list[frame.Frame]:
        found = []
        for path in sorted(self.folder.glob("*.frames")):
            with path.open("rb") as file:
                found += [item for _, item in frame.scan(file)]
        return found

    def heads(self) -> list[stream_pb2.BatchHead]:
        return [item.head for item in self.frames()]

    def table(self, stream: int = 0) -> pa.Table:
        schema = self.first.schema.streams[stream]
        batches = [
            decode_body(schema, item.body, item.head.body_size)
            for item in self.frames()
            if item.head.rows and item.head.stream == stream
        ]
        return pa.Table.from_batches(batches) if batches else pa.table({})

    def rows(self, stream: int = 0) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.table(stream).to_pylist()
        return rows

    def check_books(self) -> None:
        """No hole in the numbers, rows and hits add up, and everything that was seen is stored or counted as lost."""
        heads = self.heads()
        assert [head.seq for head in heads] == list(range(1, len(heads) + 1))
        assert [head.first_row for head in heads] == [sum(h.rows for h in heads[:i]) for i in range(len(heads))]
        assert sum(head.hits for head in heads) == self.ledger.stored
        assert self.ledger.seen == self.ledger.stored + sum(loss.events for loss in self.ledger.lost)
        assert self.end.ledger_known

    def close_descriptors(self) -> None:
        """As long as the warden's side holds them, the kernel keeps what they stand for."""
        while self.fds:
            os.close(self.fds.pop())

    def close(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._socket.close()
        self.close_descriptors()
        shutil.rmtree(self.folder, ignore_errors=True)


def _spawn(sock: socket.socket, module: str = "agent.runner") -> subprocess.Popen[bytes]:
    """With the socket as descriptor 3, like the warden does."""
    root = Path(__file__).resolve().parents[3]
    moved = f"import os,sys;os.dup2({sock.fileno()},3);os.execv(sys.executable,[sys.executable,'-P','-m','{module}'])"
    return subprocess.Popen(
        [sys.executable, "-c", moved], pass_fds=[sock.fileno()], env={**os.environ, "PYTHONPATH": str(root)}
    )
