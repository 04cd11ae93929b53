"""Following over a connection that breaks. The other end is a small real server that plays back what it is told."""

import http.server
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fleetscope.errors import Refused, Unreachable
from fleetscope.following import Following, whole_lines
from fleetscope.transport import Transport
from tests.e2e.processes import one
from tests.e2e.stack import Stack, eventually
from tests.workloads.spawn import workload

ROWS = [json.dumps({"host": f"h{n % 2}", "time": n}, separators=(",", ":")).encode() + b"\n" for n in range(10)]
BY_HOST = sorted(ROWS, key=lambda row: row[9:11])


class Scripted(http.server.ThreadingHTTPServer):
    """Each reply: what of the rows is sent before the connection breaks (True) or the answer ends (False)."""

    def __init__(self, replies: list[tuple[bytes, bool]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = replies


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Scripted

    def do_GET(self) -> None:
        if not self.path.split("?")[0].endswith("/rows"):
            return self._answer(json.dumps({"state": "running" if self.server.replies else "ended"}).encode())
        if not self.server.replies:
            return self._answer(b'{"error": {"code": "forbidden", "message": "you may no longer look"}}', 403)
        body, breaks = self.server.replies.pop(0)
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")  # else the client may ask its next question on this connection
        self.end_headers()
        self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body) if body else b"")
        if not breaks:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@contextmanager
def scripted(*replies: tuple[bytes, bool]) -> Iterator[str]:
    with Scripted(list(replies)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def follow(url: str, outages: list[str], patience: float = 20) -> bytes:
    following = Following(Transport(url, "token"), "s1", patience=patience, on_outage=outages.append)
    return b"".join(following.blocks())


def test_lines_are_whole_wherever_the_chunks_end() -> None:
    assert list(whole_lines(iter([b"a", b"b\nc\n", b"", b"torn"]))) == [[b"ab", b"c"]]


def test_each_row_is_given_once_across_a_broken_connection() -> None:
    outages: list[str] = []
    with scripted((b"".join(ROWS[:5]) + b'{"host":"h1","ti', True), (b"".join(ROWS), False)) as url:
        assert follow(url, outages) == b"".join(ROWS)
    assert len(outages) == 1 and "broke" in outages[0]


def test_hosts_may_come_in_another_order_the_second_time() -> None:
    with scripted((b"".join(ROWS[:5]), True), (b"".join(BY_HOST), False)) as url:
        assert sorted(follow(url, []).splitlines(keepends=True)) == sorted(ROWS)


def test_an_answer_that_ends_before_its_session_is_asked_for_again() -> None:
    with scripted((b"".join(ROWS[:3]), False), (b"".join(ROWS), False)) as url:
        assert follow(url, []) == b"".join(ROWS)


def test_an_answer_that_breaks_off_with_the_right_to_it_is_an_error() -> None:
    given: list[bytes] = []
    with scripted((b"".join(ROWS[:3]), True)) as url, pytest.raises(Refused, match="no longer look"):
        given.extend(Following(Transport(url, "token"), "s1", patience=20, on_outage=print).blocks())
    assert b"".join(given) in (b"", b"".join(ROWS[:3]))


def test_a_server_that_stays_away_is_an_error_after_some_patience() -> None:
    with scripted((b"", True)) as url:
        pass
    with pytest.raises(Unreachable, match="no server answers"):
        follow(url, [], patience=0.1)


@pytest.mark.kernel
def test_a_session_that_is_not_there_is_refused_at_once(stack: Stack) -> None:
    transport = Transport(stack.url, stack.token())
    with pytest.raises(Refused, match="ffffffff"):
        list(Following(transport, "ffffffff", patience=60, on_outage=print).blocks())


@pytest.mark.kernel
def test_a_killed_server_costs_the_command_no_row(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    own = Stack(data=tmp_path / "var", home=tmp_path / "home")
    own.start()
    try:
        with workload("open_paths.py", 6007, 1000, "/nonexistent/outage-") as busy:
            session = own.detach("opensnoop", "--pid", str(busy.pid), "--duration", "60s")
            watching = own.spawn("watch", session, "--output", "ndjson")
            busy.go()
            eventually(lambda: own.session(session)["rows"] > 1000, 20, "rows before the kill")
            assert own.process is not None
            os.kill(one(own.process.pid, "server"), signal.SIGKILL)
            busy.finish()
        out, err = watching.communicate(timeout=60)
    finally:
        own.stop()
    assert watching.returncode == 0, err.decode()
    assert b"waiting for the server" in err
    paths = [json.loads(line)["path"] for line in out.splitlines()]
    assert [path for path in paths if "outage-" in path] == [f"/nonexistent/outage-{n}" for n in range(6007)]
