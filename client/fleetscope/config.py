"""The stored logins: one file of the user's own, a token for each server address."""

import json
import os
import tempfile
from pathlib import Path
from typing import TypedDict

from fleetscope.errors import FleetscopeError, NotSignedIn

DEFAULT_URL = "http://localhost:8000"


class _Server(TypedDict):
    token: str


class _Stored(TypedDict):
    url: str
    servers: dict[str, _Server]


def config_path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "fleetscope/config.json"


def current_url() -> str:
    """FLEETSCOPE_URL, else the server of the last login."""
    return normal_url(os.environ.get("FLEETSCOPE_URL") or _read()["url"])


def token_for(url: str) -> str:
    """FLEETSCOPE_TOKEN, else the stored one. Raises NotSignedIn."""
    token = os.environ.get("FLEETSCOPE_TOKEN")
    if token:
        return _checked(token)
    server = _read()["servers"].get(url)
    if server is None:
        raise NotSignedIn(f"not signed in to {url}; run: fleetscope login {url}")
    return server["token"]


def _checked(token: str) -> str:
    """Not shown in the message: it may be a real one with a line end too many."""
    if not (token.isascii() and token.isprintable()):
        raise NotSignedIn("FLEETSCOPE_TOKEN is no token: it has characters other than printable ASCII; set it again")
    return token


def store_login(url: str, token: str) -> Path:
    """Keep the token, readable by this user only, and make this server the current one."""
    stored = _read()
    stored["servers"][url] = {"token": token}
    stored["url"] = url
    path = config_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(path, json.dumps(stored, indent=1) + "\n")
    except OSError as error:
        reason = f"cannot store the login in {path}: {error.strerror}; set FLEETSCOPE_TOKEN instead"
        raise FleetscopeError(reason) from error
    return path


def forget_login(url: str, token: str) -> None:
    """Forget this token only: FLEETSCOPE_TOKEN may have stood in front of another one that still works."""
    stored = _read()
    if stored["servers"].get(url) == {"token": token}:
        del stored["servers"][url]
        _replace(config_path(), json.dumps(stored, indent=1) + "\n")


def normal_url(url: str) -> str:
    """ "localhost:8000/" and "http://localhost:8000" are the same server."""
    return (url if "://" in url else f"http://{url}").rstrip("/")


def _read() -> _Stored:
    path = config_path()
    try:
        stored = json.loads(path.read_text())
        servers = {str(url): _Server(token=str(server["token"])) for url, server in stored["servers"].items()}
        return {"url": str(stored["url"]), "servers": servers}
    except (FileNotFoundError, NotADirectoryError):
        return {"url": DEFAULT_URL, "servers": {}}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FleetscopeError(f"cannot read {path}: {error}; remove it and run: fleetscope login") from error


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".config-")  # made with mode 0600
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(temporary).replace(path)
