"""A real gRPC server with real mutual TLS that keeps what agents tell and store, and can misbehave on request."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc

from proto import frame
from proto.joining import trust_anchor
from proto.v1.agent_pb2 import (
    Ack,
    AgentMessage,
    DataDown,
    DataUp,
    EnrollReply,
    EnrollRequest,
    Envelope,
    Reject,
    RunUpdate,
    ServerMessage,
    SignedEnvelope,
    Welcome,
)
from proto.v1.agent_pb2_grpc import (
    AgentLinkServicer,
    EnrolmentServicer,
    add_AgentLinkServicer_to_server,
    add_EnrolmentServicer_to_server,
)
from tests.agent.support.commands import sign
from tests.agent.support.heads import StartLog
from tests.agent.support.pki import Authority, pem
from tests.waiting import wait_for

MESSAGE_MAX = 16 * 1024 * 1024


class FleetServer(AgentLinkServicer, EnrolmentServicer):
    """``frames`` holds every run's frames in order, each once; ``received`` counts repeats too."""

    def __init__(self, authority: Authority, port: int = 0) -> None:
        self.authority = authority
        self.messages: list[AgentMessage] = []
        self.frames: dict[bytes, list[frame.Frame]] = {}
        self.received: dict[bytes, int] = {}
        self.order: list[tuple[bytes, int]] = []
        self.connections = 0
        self.callers: list[str] = []
        self.live: Callable[[AgentMessage], list[bytes]] = lambda hello: [r.run_id for r in hello.hello.runs]
        self.judge: Callable[[frame.Frame], DataDown | None] = lambda one: None
        self.tokens: set[str] = set()
        self.log = StartLog()
        self.acking = threading.Event()
        self.acking.set()
        self._out: queue.SimpleQueue[ServerMessage | None] = queue.SimpleQueue()
        self._server = self._listen(port)

    def _listen(self, port: int) -> grpc.Server:
        options = [("grpc.max_receive_message_length", MESSAGE_MAX), ("grpc.so_reuseport", 0)]
        server = grpc.server(ThreadPoolExecutor(16), options=options)
        add_AgentLinkServicer_to_server(self, server)  # type: ignore[no-untyped-call]
        add_EnrolmentServicer_to_server(self, server)  # type: ignore[no-untyped-call]
        roots = pem(self.authority.certificate) + trust_anchor()
        credentials = grpc.ssl_server_credentials(
            [self.authority.server_identity()], root_certificates=roots, require_client_auth=True
        )
        self.port = server.add_secure_port(f"127.0.0.1:{port}", credentials)
        server.start()
        return server

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    def stop(self) -> None:
        self._out.put(None)
        self._server.stop(0).wait()

    def restart(self) -> None:
        """Same address and stored frames, new process for all that the agent can tell."""
        self.stop()
        self._out = queue.SimpleQueue()
        self._server = self._listen(self.port)

    def send(self, **message: object) -> None:
        self._out.put(ServerMessage(**message))  # type: ignore[arg-type]

    def begin(self, start: Envelope | SignedEnvelope) -> SignedEnvelope:
        """Put it on record and send it, behind the head that proves it."""
        signed = start if isinstance(start, SignedEnvelope) else sign(start, self.authority.command)
        head, told = self.log.recorded(signed)
        self.send(audit_head=head)
        self.send(start=told)
        return told

    def Control(self, requests: Iterator[AgentMessage], context: grpc.ServicerContext) -> Iterator[ServerMessage]:
        out = self._out
        hello = next(requests)
        self.messages.append(hello)
        self.callers += [name.decode() for name in context.peer_identities() or ()]
        self.connections += 1
        context.add_callback(lambda: out.put(None))
        threading.Thread(target=self._collect, args=(requests,), daemon=True).start()
        yield ServerMessage(welcome=Welcome(live_runs=self.live(hello), heartbeat_seconds=5))
        while (message := out.get()) is not None:
            yield message

    def _collect(self, requests: Iterator[AgentMessage]) -> None:
        try:
            for message in requests:
                self.messages.append(message)
        except grpc.RpcError:
            return  # the agent went away

    def Data(self, requests: Iterator[DataUp], context: grpc.ServicerContext) -> Iterator[DataDown]:
        for up in requests:
            one = frame.decode(up.frame)
            run_id = one.head.run_id
            self.received[run_id] = self.received.get(run_id, 0) + 1
            self.order.append((run_id, one.head.seq))
            self.acking.wait()
            answer = self.judge(one) or self._store(one)
            yield answer

    def _store(self, one: frame.Frame) -> DataDown:
        run_id, stored = one.head.run_id, self.frames.setdefault(one.head.run_id, [])
        if one.head.seq > len(stored) + 1:
            return DataDown(reject=Reject(run_id=run_id, expected_seq=len(stored) + 1, reason="a hole"))
        if one.head.seq == len(stored) + 1:
            stored.append(one)
        return DataDown(ack=Ack(run_id=run_id, seq=len(stored)))

    def Enroll(self, request: EnrollRequest, context: grpc.ServicerContext) -> EnrollReply:
        if request.token not in self.tokens:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "the join token does not exist or has already been used")
        self.tokens.remove(request.token)
        host_id = "7b0f6c1e-6a58-4c0a-9d36-0d8f5a3c9b11"
        return EnrollReply(
            host_id=host_id,
            certificate_pem=self.authority.sign(request.csr_pem, host_id),
            ca_pem=pem(self.authority.certificate),
            command_key=self.authority.command.public_key().public_bytes_raw(),
            host_name=request.host_name,
        )

    def updates(self, run_id: bytes) -> list[RunUpdate]:
        return [message.run for message in list(self.messages) if message.run.run_id == run_id]

    def wait_for_state(self, run_id: bytes, state: RunUpdate.State, seconds: float = 20) -> RunUpdate:
        def arrived() -> RunUpdate | None:
            return next((update for update in self.updates(run_id) if update.state == state), None)

        return wait_for(arrived, seconds, f"run in state {state}; refusals {self.refusals()}")

    def wait_for_end(self, run_id: bytes, seconds: float = 20) -> frame.Frame:
        """The run's last frame, stored."""

        def stored() -> frame.Frame | None:
            frames = self.frames.get(run_id)
            return frames[-1] if frames and frames[-1].head.HasField("end") else None

        return wait_for(stored, seconds, "the end frame")

    def refusals(self) -> list[str]:
        return [message.refusal.reason for message in list(self.messages) if message.HasField("refusal")]
