"""The order of things. One set-up at a time: two `make run` of one tree may be started side by side."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from provision import BUILD, apt, venv
from provision.frontend import build_frontend, install_packages
from provision.steps import say


def prepare(*, packages: Sequence[str] = (), groups: Sequence[str] = (), build: bool = True) -> None:
    """What `make run` needs, and these Debian packages and groups of Python packages. Raises SetupError.

    Without ``build`` the frontend has its packages only: what is generated must not need what is built from it.
    """
    with _only_one():
        apt.install_missing((*apt.RUN, *packages))
        venv.make_venv((*venv.RUN_GROUPS, *groups))
        venv.require_bcc()
        install_packages()
        if build:
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
