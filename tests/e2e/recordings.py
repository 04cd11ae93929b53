"""Ended sessions of our own making, for what no workload makes on demand: hostile payloads, cuts, losses.

``record`` puts one into a running stack as ingest would have: rows in the store, the session in the database.
Run as a program, in the stack's environment, it prints the session's id.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from proto.v1 import tool_pb2 as pb
from proto.v1.stream_pb2 import END_CAUSE_DURATION, LOSS_CAUSE_RING, RunSchema, StreamSchema
from proto.v1.tool_pb2 import Column
from tests.hostile import strings
from tests.server.tracing.rows import BOOT, EVENTS, STACKS, Frames, batch, events, stream

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

SECOND = 10**9
MANY = 6000  # five minutes of a session that somebody watches, at 20 batches a second
# Must have no effect on whoever looks: script, clipboard, title, links, questions to the terminal, text turned around.
HOSTILE = [
    b'<script>window.stolen=1</script><img src=x onerror="window.stolen=1">\r\n',
    b"\x1b]52;c;c3RvbGVu\x07\x1b]0;stolen\x07\x1b]8;;javascript:window.stolen=1\x07click\x1b]8;;\x07\r\n",
    b"\x1b[c\x1b[6n\x1b]10;?\x07\x1bP$qm\x1b\\\x1b[8;999;999t\x1b[?1003h\r\n",
    "\u202egnp.exe\u2066 {{7*7}} javascript:alert(1) \x9b31mred\r\n".encode(),
    b"=cmd|' /C calc'!A0\r\n\xff\xfe\x00end\r\n",
]

_TIME = Column(name="time", type=pb.CTYPE_S64, unit=pb.UNIT_BOOT_TIME, role=pb.ROLE_TIME)
_PID = Column(name="pid", type=pb.CTYPE_U32, unit=pb.UNIT_PID, role=pb.ROLE_KEY)
_COMM = Column(name="comm", type=pb.CTYPE_CHAR, size=16, unit=pb.UNIT_COMM, role=pb.ROLE_KEY)
_DIRECTION = Column(name="direction", type=pb.CTYPE_CHAR, size=8, unit=pb.UNIT_DIRECTION, role=pb.ROLE_KEY)
_SIZE = Column(name="size", type=pb.CTYPE_U32, unit=pb.UNIT_BYTES, role=pb.ROLE_MEASURE)
_DATA = Column(name="data", type=pb.CTYPE_STRING, role=pb.ROLE_PAYLOAD, sensitivity=pb.SENSITIVITY_CONTENT)
TLS = stream(
    "data",
    pb.KIND_BYTES,
    [
        _TIME,
        _PID,
        _COMM,
        Column(name="conn", type=pb.CTYPE_U64, unit=pb.UNIT_CONNECTION, role=pb.ROLE_KEY),
        _DIRECTION,
        Column(name="duration", type=pb.CTYPE_U64, unit=pb.UNIT_NANOSECONDS, role=pb.ROLE_MEASURE),
        _SIZE,
        _DATA,
    ],
)
TERMINAL = stream(
    "shown",
    pb.KIND_BYTES,
    [
        _TIME,
        _PID,
        _COMM,
        Column(name="pts", type=pb.CTYPE_U32, unit=pb.UNIT_TERMINAL, role=pb.ROLE_KEY),
        _DIRECTION,
        _SIZE,
        _DATA,
    ],
)
COUNTERS = stream(
    "rates",
    pb.KIND_COUNTERS,
    [
        _TIME,
        Column(name="hits", type=pb.CTYPE_U64, unit=pb.UNIT_COUNT, role=pb.ROLE_MEASURE),
        Column(name="misses", type=pb.CTYPE_U64, unit=pb.UNIT_COUNT, role=pb.ROLE_MEASURE),
        Column(name="ratio", type=pb.CTYPE_U32, unit=pb.UNIT_PERCENT, role=pb.ROLE_MEASURE, title="hit ratio"),
    ],
)
TOP = stream(
    "files",
    pb.KIND_TOP,
    [
        _TIME,
        _COMM,
        Column(name="file", type=pb.CTYPE_CHAR, size=256, role=pb.ROLE_KEY),
        Column(name="calls", type=pb.CTYPE_U64, unit=pb.UNIT_COUNT, role=pb.ROLE_MEASURE),
    ],
    hits="calls",
)
HISTOGRAM = stream(
    "times",
    pb.KIND_HISTOGRAM,
    [
        _TIME,
        Column(name="file", type=pb.CTYPE_CHAR, size=256, role=pb.ROLE_KEY),
        Column(name="slot", type=pb.CTYPE_U32, unit=pb.UNIT_LOG2_SLOT, role=pb.ROLE_BUCKET),
        Column(name="calls", type=pb.CTYPE_U64, unit=pb.UNIT_COUNT, role=pb.ROLE_MEASURE),
    ],
    hits="calls",
)


@dataclass(frozen=True, slots=True)
class Said:
    """One row of a stream of bytes. ``where``: connection or terminal. ``size``: when more than ``data``."""

    at_ms: int
    data: bytes
    direction: str = "out"
    where: int = 3
    size: int = 0
    pid: int = 4242
    comm: bytes = b"bash"


def rows_of(schema: StreamSchema, said: Sequence[Said]) -> pa.RecordBatch:
    columns: dict[str, pa.Array] = {
        "time": pa.array([BOOT + row.at_ms * 10**6 for row in said], pa.int64()),
        "pid": pa.array([row.pid for row in said]),
        "comm": pa.array([row.comm for row in said], pa.binary()),
        "conn": pa.array([row.where for row in said]),
        "pts": pa.array([row.where for row in said]),
        "direction": pa.array([row.direction.encode() for row in said], pa.binary()),
        "duration": pa.array([25_000 + 1000 * number for number in range(len(said))]),
        "size": pa.array([row.size or len(row.data) for row in said]),
        "data": pa.array([row.data for row in said], pa.binary()),
    }
    return batch(schema, [columns[column.name] for column in schema.columns])


def typing() -> list[Said]:
    """A person at a shell: a prompt, keys that come back, colours, a full-screen program, a pause, one write cut."""
    said = [Said(0, b"\x1b[32mweb-1\x1b[0m:~$ ")]
    for number, key in enumerate(b"ls --color"):
        said += [Said(400 + 90 * number, bytes([key]), "in"), Said(401 + 90 * number, bytes([key]))]
    said += [Said(1500, b"\r", "in"), Said(1501, b"\r\n\x1b[1;34mbin\x1b[0m  \x1b[1;32mrun.sh\x1b[0m  notes.txt\r\n")]
    said += [Said(1600, b"\x1b[32mweb-1\x1b[0m:~$ "), Said(45_000, b"top\r\n")]
    said += [Said(45_100, b"\x1b[2J\x1b[H\x1b[7m  PID USER      %CPU COMMAND      \x1b[0m\r\n")]
    said += [Said(45_200 + 500 * n, b"\x1b[2;1H%5d root      %4.1f nginx\x1b[K" % (812, 3.5 + n)) for n in range(9)]
    return [*said, Said(50_000, b"\x1b[3;1Htail of a long write", size=70_000)]


def talking() -> list[Said]:
    """Two TLS connections of one client: a page in text, an image that is cut, a body with nothing readable in it."""
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: id=7f3a\r\n\r\n<h1>Hello</h1>\n"
    image = bytes((n * 73 + 11) % 256 for n in range(5000))
    return [
        Said(10, b"GET /index.html HTTP/1.1\r\nHost: shop.example\r\n\r\n", "out", 0x55D0A0, comm=b"curl"),
        Said(35, page, "in", 0x55D0A0, comm=b"curl"),
        Said(50, b"GET /logo.png HTTP/1.1\r\nHost: shop.example\r\n\r\n", "out", 0x55D7F0, comm=b"curl"),
        Said(80, image, "in", 0x55D7F0, size=50_000, comm=b"curl"),
        Said(95, "Grüße, 世界\n".encode(), "in", 0x55D7F0, comm=b"curl"),
    ]


def hostile() -> list[Said]:
    return [Said(100 * n, data) for n, data in enumerate(HOSTILE)]


def keyed(schema: StreamSchema) -> pa.RecordBatch:
    """Each hostile string as a key, a program, a stack of two frames: one row, counted once."""
    texts = strings()
    raw = [text.encode() for text in texts]
    frames = pa.array([[text, f"in {text}"] for text in texts], pa.list_(pa.utf8()))
    columns = {
        "time": pa.array([BOOT + number * SECOND // 10 for number in range(len(raw))], pa.int64()),
        "comm": pa.array([text[:15] for text in raw], pa.binary()),
        "file": pa.array(raw, pa.binary()),
        "slot": pa.array([number % 40 for number in range(len(raw))]),
        "calls": pa.array([1] * len(raw)),
        "samples": pa.array([1] * len(raw)),
        "stack": pa.ListArray.from_arrays(frames.offsets, frames.values.dictionary_encode()),
    }
    return batch(schema, [columns[column.name] for column in schema.columns])


def spoken(schema: StreamSchema) -> pa.RecordBatch:
    """Each hostile string as a message of its own."""
    raw = [text.encode() for text in strings()]
    return rows_of(schema, [Said(10 * number, data, comm=data[:15]) for number, data in enumerate(raw)])


def recordings() -> dict[str, tuple[str, StreamSchema, Iterator[pa.RecordBatch]]]:
    """By name: the tool that it is called after, its stream, its batches."""
    return {
        "terminal": ("ttysnoop", TERMINAL, iter([rows_of(TERMINAL, typing())])),
        "hostile-terminal": ("ttysnoop", TERMINAL, iter([rows_of(TERMINAL, hostile())])),
        "tls": ("sslsniff", TLS, iter([rows_of(TLS, talking())])),
        "hostile-tls": ("sslsniff", TLS, iter([rows_of(TLS, hostile())])),
        "strings-top": ("filetop", TOP, iter([keyed(TOP)])),
        "strings-histogram": ("funclatency", HISTOGRAM, iter([keyed(HISTOGRAM)])),
        "strings-stacks": ("profile", STACKS, iter([keyed(STACKS)])),
        "strings-terminal": ("ttysnoop", TERMINAL, iter([spoken(TERMINAL)])),
        "strings-tls": ("sslsniff", TLS, iter([spoken(TLS)])),
        "counters": ("cachestat", COUNTERS, _counters()),
        "many-batches": ("opensnoop", EVENTS, (events(number * 20, 20) for number in range(MANY))),
    }


def _counters() -> Iterator[pa.RecordBatch]:
    for second in range(90):
        hits, misses = 4000 + int(3000 * np.sin(second / 7)), 50 + (second * 37) % 90
        ratio = 100 * hits // (hits + misses)
        values = [BOOT + second * SECOND, hits, misses, ratio]
        if not 40 <= second < 48:  # the host was busy
            yield batch(COUNTERS, [pa.array([value]) for value in values])


def record(stack: Stack, name: str) -> str:
    """The id of a new, ended session on the stack's only host."""
    argv = [sys.executable, "-m", "tests.e2e.recordings", name]
    done = subprocess.run(argv, env=stack.env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _store(name: str) -> str:
    from django.utils import timezone

    from proto.v1.stream_pb2 import RunEnd
    from server.accounts.models import User
    from server.fleet.models import Host
    from server.tracing import lifecycle, progress
    from server.tracing.models import Run, RunState, Session, SessionState
    from server.tracing.segments import segment_store

    tool, schema, batches = recordings()[name]
    run_schema = RunSchema(tool=tool, variant="recorded", streams=[schema])
    session = Session.objects.create(
        tool=tool,
        title=f"Recorded {name}",
        reason=" ".join(strings())[:2000] if name.startswith("strings") else "",
        kind=pb.Kind.Name(schema.kind).removeprefix("KIND_").lower(),
        state=SessionState.RUNNING,
        created_by=User.objects.order_by("pk")[0],
        not_after=timezone.now(),
    )
    run = Run.objects.create(
        session=session,
        host=Host.objects.get(),
        state=RunState.ATTACHED,
        schema=run_schema.SerializeToString(),
        boot_ns=BOOT,
        wall_ns=int(timezone.now().timestamp()) * SECOND,
    )
    segment_store().pin(session.pk, run.pk, run_schema)
    frames = Frames()
    kept = [frames.frame(rows, 0, rows.num_rows) for rows in batches]
    if name == "terminal":
        frames.lose(LOSS_CAUSE_RING, 2, BOOT + 46 * SECOND, BOOT + 46 * SECOND)
    kept.append(frames.end(END_CAUSE_DURATION, "its time was up"))
    segment_store().append(session.pk, run.pk, kept)
    ledger = frames.ledger().SerializeToString()
    stored = progress.Progress(run.pk, rows=frames.rows, hits=frames.stored, stored_seq=frames.seq, ledger=ledger)
    progress.write([stored])
    said = " ".join(strings())[-400:] if name.startswith("strings") else "its time was up"
    lifecycle.close(stored, RunEnd(cause=END_CAUSE_DURATION, message=said, ledger_known=True))
    return str(session.pk)


if __name__ == "__main__":
    import os

    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "server.settings"  # the tests have their own
    django.setup()
    print(_store(sys.argv[1]))
