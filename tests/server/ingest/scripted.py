"""An agent that does what the test says, over real gRPC with real certificates."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
import pyarrow as pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bpf.layout import active_columns
from proto import joining
from proto.columnar import arrow_schema
from proto.v1 import agent_pb2 as pb
from proto.v1.agent_pb2_grpc import AgentLinkStub, EnrolmentStub
from proto.v1.stream_pb2 import BatchHead, RunSchema
from server.catalog.tools import catalogue
from tests.server.tracing import rows
from tests.server.tracing.rows import BOOT, WALL, Frames

SECONDS = 10
M = TypeVar("M")


@dataclass
class Identity:
    host_id: str
    name: str
    key: bytes
    certificate: bytes
    ca: bytes
    command_key: bytes


def make_csr(key: ec.EllipticCurvePrivateKey, name: str = "anything") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


async def join(address: str, ca: bytes, token: str, name: str = "web-1") -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    joining_key, joining_certificate = joining.client_identity()
    credentials = grpc.ssl_channel_credentials(ca, joining_key, joining_certificate)
    async with grpc.aio.secure_channel(address, credentials) as channel:
        request = pb.EnrollRequest(token=token, csr_pem=make_csr(key), host_name=name)
        reply = await EnrolmentStub(channel).Enroll(request, timeout=SECONDS)  # type: ignore[no-untyped-call]
    return Identity(reply.host_id, reply.host_name, pem_of(key), reply.certificate_pem, reply.ca_pem, reply.command_key)


def works(state: pb.Verdict.State = pb.Verdict.STATE_WORKS, reason: str = "") -> list[pb.Verdict]:
    return [
        pb.Verdict(tool=name, tool_digest=tool.digest, state=state, variant="syscalls", reason=reason)
        for name, tool in catalogue().items()
    ]


@dataclass
class Agent:
    """Both streams of one connection. What the server says is kept in order."""

    identity: Identity
    stub: AgentLinkStub
    up: asyncio.Queue[pb.AgentMessage] = field(default_factory=asyncio.Queue)
    frames: asyncio.Queue[pb.DataUp] = field(default_factory=asyncio.Queue)
    heard: list[pb.ServerMessage] = field(default_factory=list)
    answers: list[pb.DataDown] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    error: grpc.aio.AioRpcError | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def hello(self, **fields: object) -> pb.Welcome:
        message = pb.Hello(agent_version="test", verdicts=works(), facts=pb.HostFacts(host_name=self.identity.name))
        message.MergeFrom(pb.Hello(**fields))  # type: ignore[arg-type]
        self.say(hello=message)
        self._tasks.append(asyncio.create_task(self._control()))
        return (await self.wait(lambda m: m.HasField("welcome"))).welcome

    def say(self, **fields: object) -> None:
        self.up.put_nowait(pb.AgentMessage(**fields))  # type: ignore[arg-type]

    def update(self, run_id: bytes, state: pb.RunUpdate.State, **fields: object) -> None:
        self.say(run=pb.RunUpdate(run_id=run_id, state=state, **fields))  # type: ignore[arg-type]

    def open_data(self) -> None:
        self._tasks.append(asyncio.create_task(self._data()))

    def send(self, *frames: bytes) -> None:
        for frame in frames:
            self.frames.put_nowait(pb.DataUp(frame=frame))

    async def wait(self, wanted: Callable[[pb.ServerMessage], bool]) -> pb.ServerMessage:
        return await self._first(self.heard, wanted)

    async def start(self) -> pb.Envelope:
        return pb.Envelope.FromString((await self.wait(lambda m: m.HasField("start"))).start.payload)

    async def ack(self, run_id: bytes, seq: int) -> pb.DataDown:
        return await self._first(self.answers, lambda a: a.ack.run_id == run_id and a.ack.seq == seq)

    async def reject(self, run_id: bytes) -> pb.Reject:
        return (await self._first(self.answers, lambda a: a.reject.run_id == run_id)).reject

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError, grpc.aio.AioRpcError):
                await task

    async def _first(self, messages: list[M], wanted: Callable[[M], bool]) -> M:
        async with asyncio.timeout(SECONDS):
            while True:
                for message in messages:
                    if wanted(message):
                        return message
                self._news.clear()
                await self._news.wait()

    async def _control(self) -> None:
        try:
            async for message in self.stub.Control(stream_of(self.up)):
                self.heard.append(message)
                self._news.set()
        except grpc.aio.AioRpcError as error:
            self.error = error
        finally:
            self.ended.set()

    async def _data(self) -> None:
        async for answer in self.stub.Data(stream_of(self.frames)):
            self.answers.append(answer)
            self._news.set()


@asynccontextmanager
async def agent(address: str, identity: Identity) -> AsyncIterator[Agent]:
    credentials = grpc.ssl_channel_credentials(identity.ca, identity.key, identity.certificate)
    async with grpc.aio.secure_channel(address, credentials) as channel:
        connected = Agent(identity, AgentLinkStub(channel))  # type: ignore[no-untyped-call]
        try:
            yield connected
        finally:
            await connected.close()


async def stream_of(messages: asyncio.Queue[M]) -> AsyncIterator[M]:
    while True:
        yield await messages.get()


def run_of(envelope: pb.Envelope, identity: Identity) -> bytes:
    return next(run.run_id for run in envelope.runs if run.host_id == identity.host_id)


def as_uuid(raw: bytes) -> uuid.UUID:
    return uuid.UUID(bytes=raw)


def tls_version(host: str, port: int, maximum: ssl.TLSVersion) -> str | None:
    """What is agreed on with a client that can do no more than this; None: nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = maximum
    try:
        with socket.create_connection((host, port), SECONDS) as raw, context.wrap_socket(raw) as tls:
            return tls.version()
    except ssl.SSLError:
        return None


def pem_certificate(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _opens_schema() -> RunSchema:
    entry = catalogue()["opensnoop"]
    stream = entry.tool.streams[0]
    opens = rows.stream(stream.name, stream.kind, active_columns(entry.tool, stream, {}))
    opens.title = stream.title
    return RunSchema(tool="opensnoop", tool_digest=entry.digest, variant="syscalls", streams=[opens])


# Of a session with default parameters.
OPENS = _opens_schema()


class RunFrames(Frames):
    """Frames of ``OPENS`` that carry the run's id."""

    def __init__(self, run_id: bytes) -> None:
        super().__init__()
        self.run_id = run_id

    def rows_of(self, count: int, *, paths: Sequence[bytes] | None = None) -> bytes:
        """Columns that the shared rows do not have are 0."""
        known = rows.events(self.rows, count, paths=paths)
        zeros = pa.array([0] * count)
        columns = [
            known[name] if name in known.schema.names else zeros
            for name in arrow_schema(OPENS.streams[0].columns).names
        ]
        return self.frame(rows.batch(OPENS.streams[0], columns), 0, count)

    def _next(self, head: BatchHead) -> BatchHead:
        head.run_id = self.run_id
        return super()._next(head)


async def until(look: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not wanted(found := await look()):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)
    return found


async def attached(host: Agent) -> bytes:
    """Take the start that waits, say that it is attached, open the data stream. Returns the run's id."""
    run = run_of(await host.start(), host.identity)
    host.update(run, pb.RunUpdate.STATE_ACCEPTED)
    host.update(run, pb.RunUpdate.STATE_ATTACHED, schema=OPENS, boot_ns=BOOT, wall_ns=WALL)
    host.open_data()
    return run
