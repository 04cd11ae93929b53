"""gethostlatency against a process that looks up names and knows what it got, from a name server of its own."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters
from tests.agent.runner.children import trace_children
from tests.agent.runner.deep import trace_deep_down
from tests.agent.runner.traced import Traced, trace_statements
from tests.workloads.tcp import APART

pytestmark = pytest.mark.kernel

REPEATS = 307
MS = 1_000_000
# A network and a view of the files of its own, with a name server that knows no name and takes its time to say so.
BEFORE = f"""{APART}
import tempfile
libc = ctypes.CDLL(None)
assert libc.unshare(0x20000) == 0 and libc.mount(b"none", b"/", None, 0x44000, None) == 0  # CLONE_NEWNS, MS_PRIVATE
with tempfile.NamedTemporaryFile("w", delete=False) as file: file.write("nameserver 127.0.0.1\\n")
assert libc.mount(file.name.encode(), os.path.realpath("/etc/resolv.conf").encode(), None, 0x1000, None) == 0  # MS_BIND
os.unlink(file.name)
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 53))
def serve():
    while True:
        query, asker = names.recvfrom(512)
        time.sleep(0.15)
        names.sendto(query[:2] + b"\\x81\\x83" + query[4:6] + bytes(6) + query[12:], asker)
threading.Thread(target=serve, daemon=True).start()
found = ctypes.c_void_p()
libc.gethostbyname.restype = libc.gethostbyname2.restype = ctypes.c_void_p
def getaddrinfo(host): return libc.getaddrinfo(host, None, None, ctypes.byref(found))
"""


def trace(then: str, params: dict[str, str] | None = None, filters: Filters | None = None) -> Traced:
    return trace_statements("gethostlatency", BEFORE, then, params, filters)


def told(row: dict[str, Any]) -> tuple[str, bytes, int]:
    return row["function"], row["name"], row["result"]


@pytest.mark.proves("rows")
def test_a_prime_number_of_look_ups_is_that_number_of_rows() -> None:
    traced = trace(f"for n in range({REPEATS}): getaddrinfo(b'127.0.0.%d' % (n % 256))")
    assert [row["name"] for row in traced.rows] == [b"127.0.0.%d" % (n % 256) for n in range(REPEATS)]
    found = Counter((row["pid"], row["tid"], row["uid"], row["result"], row["function"]) for row in traced.rows)
    assert found == {(traced.pid, traced.pid, os.getuid(), 0, "getaddrinfo"): REPEATS}


ALL = """
results = [getaddrinfo(b"::1"), getaddrinfo(b"x" * 200), getaddrinfo(b"localhost")]
libc.gethostbyname(b"localhost"); libc.gethostbyname2(b"localhost", 2); libc.gethostbyname(b"nobody.invalid")
print(json.dumps(results))
"""


@pytest.mark.proves("values", "long")
def test_every_function_tells_its_name_and_outcome() -> None:
    traced = trace(ALL)
    good, unknown, local = json.loads(traced.said)
    assert (good, local) == (0, 0) != unknown
    assert [told(row) for row in traced.rows] == [
        ("getaddrinfo", b"::1", 0),
        ("getaddrinfo", b"x" * 200, unknown),
        ("getaddrinfo", b"localhost", 0),
        ("gethostbyname", b"localhost", 0),
        ("gethostbyname2", b"localhost", 0),
        ("gethostbyname", b"nobody.invalid", -1),
    ]


@pytest.mark.proves("times")
def test_the_duration_is_the_programs_own_wait() -> None:
    traced = trace("""
start = time.monotonic_ns(); result = getaddrinfo(b"slow.invalid")
print(json.dumps([result, time.monotonic_ns() - start]))
""")
    (row,) = traced.rows
    result, waited = json.loads(traced.said)
    assert (row["name"], row["result"]) == (b"slow.invalid", result)
    assert result == -2  # EAI_NONAME
    assert 150 * MS <= row["duration"] <= waited <= row["duration"] + 50 * MS


@pytest.mark.parametrize(
    ("params", "filters", "rows"),
    [
        ({"failed_only": "true"}, None, 2),
        ({}, Filters(ppid=os.getpid(), uid=os.getuid()), 6),
        ({}, Filters(ppid=os.getpid(), comm="another"), 0),
    ],
)
def test_parameters_and_filters_choose_look_ups(params: dict[str, str], filters: Filters | None, rows: int) -> None:
    assert len(trace(ALL, params, filters).rows) == rows


@pytest.mark.proves("threads")
def test_threads_have_their_own_number() -> None:
    traced = trace("""
thread = threading.Thread(target=lambda: (print(threading.get_native_id()), getaddrinfo(b"::1")))
thread.start(); thread.join()
""")
    (row,) = traced.rows
    assert (row["pid"], row["tid"]) == (traced.pid, int(traced.said))


@pytest.mark.proves("children", "namespaces", "names")
def test_children_that_die_at_once_and_one_in_a_pid_namespace_of_its_own() -> None:
    before = "import socket\ndef act(): socket.getaddrinfo('127.0.0.1', 80)"
    pids, rows, _ = trace_children("gethostlatency", before)
    assert [(row["pid"], row["name"], row["result"]) for row in rows] == [(pid, b"127.0.0.1", 0) for pid in pids]


def test_a_look_up_whose_return_the_kernel_does_not_show_counts_as_lost(tmp_path: Path) -> None:
    before = f"{BEFORE}def act(): getaddrinfo(b'127.0.0.7')\n"
    rows, lost = trace_deep_down(tmp_path, "gethostlatency", before)
    assert ([told(row) for row in rows], lost) == ([("getaddrinfo", b"127.0.0.7", 0)], {"unseen": 1})
