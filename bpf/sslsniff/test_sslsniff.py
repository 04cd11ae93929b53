"""sslsniff against programs that know every byte they sent and received."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proto.v1.agent_pb2 import Filters, RunUpdate
from tests.agent.runner.children import check_threads, trace_children
from tests.agent.runner.deep import trace_deep_down
from tests.agent.runner.harness import Run
from tests.agent.runner.traced import trace_running, trace_statements, trace_workload
from tests.services import nginx
from tests.workloads import tls
from tests.workloads.compiled import build, running
from tests.workloads.groups import container_id, group, join
from tests.workloads.spawn import Workload

pytestmark = pytest.mark.kernel

RECORDS = 211
IN_A_THREAD = 71  # what three threads move at once fits into the buffer, however late it is read
CUT = 32768
LIBRARY = Path("/usr/lib/x86_64-linux-gnu/libssl.so.3")
OUT, IN = b"out", b"in"
MS = 1_000_000


def record(number: int) -> bytes:
    """As tls.c makes it."""
    return bytes((number + at) % 251 for at in range(number * 977 % 40000 + 1))


def moved(rows: list[dict[str, Any]], direction: bytes) -> list[tuple[int, bytes]]:
    return [(row["size"], row["data"]) for row in rows if row["direction"] == direction]


def joined(rows: list[dict[str, Any]], direction: bytes) -> bytes:
    return b"".join(data for _, data in moved(rows, direction))


def check_records(rows: list[dict[str, Any]], count: int = RECORDS) -> None:
    """What one connection of tls.c yields: each record as one write, and as reads of at most a TLS record."""
    expected = [record(number) for number in range(count)]
    assert moved(rows, OUT) == [(len(data), data[:CUT]) for data in expected]
    read = moved(rows, IN)
    assert all(size == len(data) <= 16384 for size, data in read)
    assert b"".join(data for _, data in read) == b"".join(expected)


@contextmanager
def tls_program(
    folder: Path,
    *flags: str,
    count: int = RECORDS,
    words: tuple[str, ...] = ("1",),
    wrap: tuple[str, ...] = (),
) -> Iterator[Workload]:
    program = build("tls.c", folder, *flags, "-lssl", "-lcrypto")
    files = [str(path) for path in tls.certificate(folder)]
    command = [*wrap, str(program), *files, str(count), *words]
    with running(Path(command[0]), *command[1:]) as started:
        yield started


PYTHON = """
sizes = [1, 20017, 40000, 7]
for data in (b"a", b"\\x00\\xff" * 10008 + b"!", b"c" * 40000, b"the end"): client.sendall(data)
got, reads = b"", []
while len(got) < sum(sizes):
    part = server.recv(65536); got += part; reads.append(len(part))
server.setblocking(False)
for _ in range(13):
    try: server.recv(100)
    except ssl.SSLWantReadError: pass
client.sendall(b"0123456789")
part = b""
while not part:
    try: part = server.recv(4)
    except ssl.SSLWantReadError: pass
reads += [len(part), len(server.recv(6))]
start = time.monotonic_ns()
threading.Timer(0.2, lambda: client.sendall(b"late")).start()
server.setblocking(True)
reads.append(len(server.recv(4)))
print(json.dumps([reads, time.monotonic_ns() - start]))
"""


@pytest.mark.proves("values", "flags", "times")
def test_python_sends_and_receives_what_the_rows_say(tmp_path: Path) -> None:
    traced = trace_statements("sslsniff", tls.before(tmp_path), PYTHON)
    large = b"\x00\xff" * 10008 + b"!"
    sent = [b"a", large, b"c" * 40000, b"the end", b"0123456789", b"late"]
    assert moved(traced.rows, OUT) == [(len(data), data[:CUT]) for data in sent]
    read = moved(traced.rows, IN)
    reads, waited = json.loads(traced.said)
    assert [size for size, _ in read] == reads
    assert 150 * MS <= [row["duration"] for row in traced.rows if row["direction"] == IN][-1] <= waited
    assert b"".join(data for _, data in read) == b"".join(sent)
    assert {row["function"] for row in traced.rows} == {"SSL_read_ex", "SSL_write_ex"}
    assert {(row["pid"], row["uid"]) for row in traced.rows} == {(traced.pid, os.getuid())}
    assert {row["tid"] for row in traced.rows if row["data"] != b"late"} == {traced.pid}
    assert len({(row["conn"], row["direction"]) for row in traced.rows}) == 2


@pytest.mark.proves("rows", "long")
def test_every_byte_of_a_prime_number_of_records(tmp_path: Path) -> None:
    with tls_program(tmp_path) as program:
        traced = trace_running("sslsniff", program)
    check_records(traced.rows)
    assert {row["function"] for row in traced.rows} == {"SSL_read", "SSL_write"}


@pytest.mark.proves("threads")
def test_threads_keep_their_connections_apart(tmp_path: Path) -> None:
    with tls_program(tmp_path, count=IN_A_THREAD, words=("3",)) as program:
        traced = trace_running("sslsniff", program)
    lines = [[int(word) for word in line.split()] for line in traced.said.splitlines()]
    assert len(lines) == 3
    for tid, client, server in lines:
        rows = [row for row in traced.rows if row["tid"] == tid]
        assert {(row["conn"], row["direction"]) for row in rows} == {(client, OUT), (server, IN)}
        check_records(rows, IN_A_THREAD)


def test_a_statically_linked_program_is_seen(tmp_path: Path) -> None:
    with tls_program(tmp_path, "-static") as program:
        check_records(trace_running("sslsniff", program).rows)


def test_a_library_of_another_mount_namespace_is_found(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    inside = f'mount -t tmpfs none {hidden} && cp {LIBRARY} {hidden} && LD_LIBRARY_PATH={hidden} exec "$@"'
    with tls_program(tmp_path, wrap=("unshare", "--mount", "sh", "-c", inside, "sh")) as program:
        assert not any(hidden.iterdir())
        assert f"{hidden}/{LIBRARY.name}" in Path(f"/proc/{program.pid}/maps").read_text()
        check_records(trace_running("sslsniff", program).rows)


def test_a_container_is_seen_with_its_own_library(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    inside = f'mount -t tmpfs none {hidden} && cp {LIBRARY} {hidden} && LD_LIBRARY_PATH={hidden} exec "$@"'
    with (
        group("docker/" + (container := container_id())) as folder,
        tls_program(tmp_path, wrap=("unshare", "--mount", "sh", "-c", inside, "sh")) as program,
    ):
        join(folder, program.pid)
        traced = trace_workload(Run("sslsniff", filters=Filters(container=container)), program, ends_itself=True)
    check_records(traced.rows)
    assert {row["container"] for row in traced.rows} == {container[:12]}


def test_a_library_that_was_replaced_since_is_found(tmp_path: Path) -> None:
    old = tmp_path / "lib" / LIBRARY.name
    old.parent.mkdir()
    shutil.copy(LIBRARY, old)
    with tls_program(tmp_path, wrap=("env", f"LD_LIBRARY_PATH={old.parent}")) as program:
        old.unlink()
        old.write_bytes(b"not this one")
        check_records(trace_running("sslsniff", program).rows)


def test_handshakes_are_rows_of_their_own_when_asked_for(tmp_path: Path) -> None:
    with tls_program(tmp_path, words=("1", "late")) as program:
        traced = trace_running("sslsniff", program, {"handshakes": "true"})
    _, client, server = (int(word) for word in traced.said.split())
    assert {row["conn"] for row in traced.streams[1] if row["result"] == 1} == {client, server}
    assert {row["function"] for row in traced.streams[1]} == {"SSL_do_handshake"}
    check_records(traced.rows)


def test_a_process_without_tls_is_refused_with_what_was_looked_for() -> None:
    with running(Path("/bin/sh"), "-c", "echo $$; read line") as shell:
        with Run("sslsniff", filters=Filters(pid=shell.pid)) as run:
            assert run.first.state == RunUpdate.STATE_ENDED
            message = run.end.message
        assert message == (
            f"process {shell.pid} (sh) has no program or library loaded that defines any of SSL_read, SSL_write, "
            "SSL_read_ex, SSL_write_ex, gnutls_record_recv, gnutls_record_send"
        )
        shell.go()


def test_curl_gets_what_nginx_sends(tmp_path: Path) -> None:
    """Curl is found without its pid, in the host's library; nginx by its pid."""
    cert, key = tls.certificate(tmp_path)
    (tmp_path / "file").write_bytes(os.urandom(1_000_003))
    with (
        nginx(tmp_path, cert, key) as server,
        Run("sslsniff", filters=Filters(pid=server.pid)) as served,
        Run("sslsniff", filters=Filters(ppid=os.getpid(), comm="curl")) as got,
    ):
        url = f"https://localhost:{server.port}/file"
        command = ["curl", "--silent", "--include", "--http1.1", "--cacert", str(cert), url]
        reply = subprocess.run(command, check=True, capture_output=True).stdout
        for run in (served, got):
            run.stop()
            run.wait()
            run.check_books()
        assert joined(got.rows(), IN) == joined(served.rows(), OUT) == reply
        assert joined(got.rows(), OUT) == joined(served.rows(), IN)
        assert joined(got.rows(), OUT).startswith(b"GET /file HTTP/1.1\r\n")


def test_gnutls_is_seen_too(tmp_path: Path) -> None:
    cert, key = tls.certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    lines = [b"line %d of gnutls\n" % number for number in range(RECORDS)]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = ["gnutls-cli", "--x509cafile", str(cert), "--port", str(listener.getsockname()[1]), "localhost"]
        client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            rows = echo_lines(client, context.wrap_socket(listener.accept()[0], server_side=True), lines)
        finally:
            client.kill()
            client.communicate()
    assert joined(rows, OUT) == b"".join(lines)
    assert joined(rows, IN) == b"".join(lines).upper()
    assert {row["function"] for row in rows} == {"gnutls_record_send", "gnutls_record_recv"}


def echo_lines(client: subprocess.Popen[bytes], server: ssl.SSLSocket, lines: list[bytes]) -> list[dict[str, Any]]:
    """Rows of the client while it sends each line and gets it back in capitals."""
    assert client.stdin
    with server, Run("sslsniff", filters=Filters(pid=client.pid)) as run:
        assert run.first.state == RunUpdate.STATE_ATTACHED, run.end.message
        for line in lines:
            client.stdin.write(line)
            client.stdin.flush()
            echoed = b""
            while len(echoed) < len(line):
                echoed += server.recv(len(line) - len(echoed))
            server.sendall(echoed.upper())
        run.wait_for(2 * len(lines))
        run.stop()
        run.wait()
        run.check_books()
        return run.rows()


@pytest.mark.proves("threads", "children", "namespaces", "names")
def test_both_threads_of_children_that_die_at_once_one_in_a_pid_namespace_of_its_own(tmp_path: Path) -> None:
    before = tls.before(tmp_path) + "\ndef act(): client.sendall(b'x' * 101)"
    children = trace_children("sslsniff", before, threads=True)
    check_threads(children)
    assert [(row["pid"], row["direction"], row["data"]) for row in children.rows] == [
        (pid, OUT, b"x" * 101) for pid in children.acts
    ]


def test_a_write_whose_return_the_kernel_does_not_show_counts_as_lost(tmp_path: Path) -> None:
    before = f"{tls.before(tmp_path)}\ndef act(): client.sendall(b'seen once')\n"
    rows, lost = trace_deep_down(tmp_path, "sslsniff", before)
    assert (moved(rows, OUT), lost) == ([(9, b"seen once")], {"unseen": 1})
