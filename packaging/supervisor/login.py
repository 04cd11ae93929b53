"""Leaves the invoking user's `fleetscope` command signed in."""

import os
import pwd
import subprocess

from fleetscope import config
from fleetscope.errors import FleetscopeError
from supervisor import SupervisorError, say, server
from supervisor.places import PYTHON, Places

_STORE = "import sys; from fleetscope.config import store_login; store_login(sys.argv[1], sys.stdin.read())"


def password_hint() -> str:
    """The end of the ready line. Raises SupervisorError."""
    user, _, password = server.ask("onetime").partition(" ")
    return f"user {user}  one-time password {password}" if password else "user admin  password: as you set it"


def stored_token(places: Places) -> str | None:
    """The one of the last start, when the server still takes it."""
    try:
        token = config.token_for(places.url)
    except FleetscopeError:
        return None
    me = server.call(places, "auth/me", token)
    return token if me and me["role"] == "admin" else None


def new_token() -> str:
    """Raises SupervisorError."""
    return server.ask("token", "admin", "--name", "make run")


def sign_in(places: Places, token: str) -> None:
    """From now on `fleetscope` of the invoking user means this server. Raises SupervisorError."""
    try:
        config.store_login(places.url, token)
    except FleetscopeError as error:
        raise SupervisorError(str(error)) from error
    _sign_in_before_sudo(places, token)


def _sign_in_before_sudo(places: Places, token: str) -> None:
    """`sudo make run`: the person is the one who called sudo. Written as that user, never as root, into that home."""
    uid, gid = os.environ.get("SUDO_UID"), os.environ.get("SUDO_GID")
    if os.geteuid() != 0 or not uid or not gid or uid == "0":
        return
    person = pwd.getpwuid(int(uid))
    done = subprocess.run(
        [str(PYTHON), "-I", "-c", _STORE, places.url],
        input=token, text=True, capture_output=True, check=False, cwd="/",
        user=int(uid), group=int(gid), extra_groups=[], env={"HOME": person.pw_dir, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    if done.returncode != 0:
        say(f"{person.pw_name} is not signed in: this clone or {person.pw_dir} cannot be used by that user")
