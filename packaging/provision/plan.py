"""The order of things. One set-up at a time: two `make run` of one tree may be started side by side."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from provision import BUILD, apt, venv
from provision.frontend import build_frontend
from provision.steps import say


def prepare(*, for_tests: bool) -> None:
    """Raises SetupError."""
    with _only_one():
        apt.install_missing((*apt.RUN, *apt.TEST) if for_tests else apt.RUN)
        venv.make_venv((*venv.RUN_GROUPS, "dev") if for_tests else venv.RUN_GROUPS)
        venv.require_bcc()
        build_frontend()


@contextmanager
def _only_one() -> Iterator[None]:
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up of this tree")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
