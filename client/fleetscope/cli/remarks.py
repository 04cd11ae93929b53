"""Says on stderr what hosts tell of their runs, as soon as they do: how much a pattern meant there, that a run costs
much, that its rows cannot be stored."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from fleetscope.cli.output import note
from fleetscope.client import connect
from fleetscope.errors import FleetscopeError
from fleetscope.models import Run

LOOK_SECONDS = 1.0


class Remarks:
    """Each is told once, whoever hears of it first."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def tell(self, runs: Iterable[Run]) -> None:
        with self._lock:
            for line in self.news(runs):
                note(line)

    def news(self, runs: Iterable[Run]) -> Iterator[str]:
        for run in runs:
            for text in ((run["schema"] or {}).get("attached", ""), run["note"]):
                if text and (run["id"], text) not in self._told:
                    self._told.add((run["id"], text))
                    yield f"{run['host']['name']}: {text}"


@contextmanager
def remarks_told(session_id: str) -> Iterator[Remarks]:
    """Of this session, while inside the block."""
    done, remarks = threading.Event(), Remarks()
    threading.Thread(target=_look, args=(session_id, remarks, done), daemon=True).start()
    try:
        yield remarks
    finally:
        done.set()


def _look(session_id: str, remarks: Remarks, done: threading.Event) -> None:
    with connect() as client:  # its own: a client serves one thread
        while not done.wait(LOOK_SECONDS):
            try:
                runs = client.session(session_id)["runs"]
            except FleetscopeError:
                continue  # who reads the rows says that the server is away
            remarks.tell(runs)
