"""Rows of a session while it runs, each once, also across a restart of the server."""

import time
from collections import Counter
from collections.abc import Callable, Iterator

from fleetscope.errors import Unreachable
from fleetscope.transport import Transport

RETRY_SECONDS = 0.5


class Following:
    """Blocks of whole NDJSON lines.

    The server always sends the rows of one host in the same order, so after a broken connection as many rows of each
    host are skipped as were already given. `patience`: seconds without the server after which it is an error.
    `stream`: only the rows of this one.
    """

    def __init__(
        self,
        transport: Transport,
        session_id: str,
        *,
        patience: float,
        on_outage: Callable[[str], None],
        stream: str = "",
    ) -> None:
        self._transport = transport
        self._session_id = session_id
        self._patience = patience
        self._on_outage = on_outage
        self._stream = stream
        self._given: Counter[bytes] = Counter()
        self._lost_at: float | None = None

    def blocks(self) -> Iterator[bytes]:
        """Until the session has ended and every row is given. Raises Unreachable and what the server refuses."""
        while True:
            try:
                yield from self._connection()
                if self._has_ended():
                    return
            except Unreachable as error:
                self._wait(error)

    def _connection(self) -> Iterator[bytes]:
        skip = Counter(self._given)
        query = {"format": "ndjson", "follow": 1, "stream": self._stream}
        with self._transport.stream(f"sessions/{self._session_id}/rows", query) as chunks:
            for lines in whole_lines(chunks):
                self._lost_at = None
                block = b"".join(self._new(lines, skip))
                if block:
                    yield block

    def _new(self, lines: list[bytes], skip: Counter[bytes]) -> Iterator[bytes]:
        for line in lines:
            host = host_of(line)
            if skip[host] > 0:
                skip[host] -= 1
            else:
                self._given[host] += 1
                yield line + b"\n"

    def _has_ended(self) -> bool:
        return bool(self._transport.json("GET", f"sessions/{self._session_id}")["state"] == "ended")

    def _wait(self, error: Unreachable) -> None:
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
            self._on_outage(f"{error}; waiting for the server, the session goes on")
        if now - self._lost_at > self._patience:
            raise error
        time.sleep(RETRY_SECONDS)


def whole_lines(chunks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Lines without their ends, as they complete. A chunk ends anywhere; what follows the last line end is torn."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield lines


def host_of(line: bytes) -> bytes:
    """Every row starts with its host; its bytes as they are tell hosts apart."""
    return line.partition(b',"time"')[0]
