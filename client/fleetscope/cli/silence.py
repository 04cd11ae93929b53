"""Says on stderr when a host falls silent, since when, and that it is back: rows that do not come look like no rows."""

import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from fleetscope.cli.output import local_time, note
from fleetscope.client import connect
from fleetscope.errors import FleetscopeError
from fleetscope.models import Host

LOOK_SECONDS = 5.0


@contextmanager
def silence_told(names: Collection[str]) -> Iterator[None]:
    """Of these hosts, while inside the block."""
    done = threading.Event()
    threading.Thread(target=_look, args=(names, done), daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _look(names: Collection[str], done: threading.Event) -> None:
    silent: set[str] = set()
    with connect() as client:  # its own: a client serves one thread
        while not done.wait(LOOK_SECONDS):
            try:
                hosts = client.hosts()
            except FleetscopeError:
                continue  # who reads the rows says that the server is away
            for line in news([host for host in hosts if host["name"] in names], silent):
                note(line)


def news(hosts: Iterable[Host], silent: set[str]) -> Iterator[str]:
    """What changed since ``silent``, which is brought up to date."""
    for host in hosts:
        name, offline = host["name"], host["state"] == "offline"
        if offline and name not in silent:
            silent.add(name)
            since = local_time(host["last_seen"]) if host["last_seen"] else "it joined"
            yield f"{name} is silent since {since}; what runs there goes on and spools"
        elif not offline and name in silent:
            silent.discard(name)
            yield f"{name} answers again; what it spooled comes now"
