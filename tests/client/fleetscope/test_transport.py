"""Failures of the connection, each as one line that says what to do."""

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from fleetscope.errors import FleetscopeError, Refused, Unreachable
from fleetscope.transport import Transport


class _NotFleetscope(http.server.BaseHTTPRequestHandler):
    """Answers like some other web server, or breaks off in the middle of a body."""

    def do_GET(self) -> None:
        self.send_response(200 if "broken" in self.path else 418)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half" if "broken" in self.path else b"<html>" + b"x" * 994)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def other_server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _NotFleetscope) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_nobody_answers() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refuses
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unreachable, match=f"no server answers at {url}.*is it running"):
            Transport(url, "token").json("GET", "hosts")


@pytest.mark.parametrize("url", ["ftp://localhost", "http://[bad", "http://local host:8000"])
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    with pytest.raises(FleetscopeError, match=r"http://localhost:8000|no server answers"):
        Transport(url, "token").json("GET", "hosts")


def test_another_web_server_is_not_taken_for_ours(other_server: str) -> None:
    with pytest.raises(Refused, match=r"418.*is this a Fleetscope server"):
        Transport(other_server, "token").json("GET", "hosts")


def test_a_stream_that_breaks_off_is_an_error_not_an_end(other_server: str) -> None:
    with pytest.raises(Unreachable, match="broke"), Transport(other_server, "token").stream("broken", {}) as chunks:
        assert list(chunks) != []
