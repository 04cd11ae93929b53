"""Debian's PostgreSQL, Redis and nginx on loopback, with a data folder of their own, ended by pid."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.tied import tied


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        assert time.monotonic() < deadline, f"nothing listens on port {port}"
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def postgres(*, durable: bool = True) -> Iterator[str]:
    """A new cluster with one database; yields its DATABASE_URL. PostgreSQL refuses root, so Debian's user runs it.

    One that is not ``durable`` syncs nothing, for tests that clear all tables again and again and lose no power.
    """
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"))
    folder = Path(tempfile.mkdtemp(prefix="fleetscope-pg-"))
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    port = free_port()
    try:
        initdb = [str(binaries / "initdb"), "-D", "data", "-A", "trust", "-U", "fleetscope", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, user="postgres", group="postgres")
        serve = [str(binaries / "postgres"), "-D", "data", "-p", str(port), "-k", str(folder), "-h", "127.0.0.1"]
        serve += [] if durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                tied(serve, "INT"),
                stdout=log,
                stderr=log,
                cwd=folder,
                user="postgres",
                group="postgres",
                extra_groups=[],
            )
        try:
            _wait_for(port, process)
            create = [str(binaries / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "fleetscope", "fleetscope"]
            _retry(create)
            yield f"postgresql://fleetscope@127.0.0.1:{port}/fleetscope"
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _retry(command: list[str], seconds: float = 20) -> None:
    """The port listens a moment before the cluster takes sessions."""
    deadline = time.monotonic() + seconds
    while (done := subprocess.run(command, capture_output=True)).returncode != 0:
        assert time.monotonic() < deadline, done.stderr.decode()
        time.sleep(0.1)


@contextmanager
def redis() -> Iterator[str]:
    """An empty Redis that keeps nothing; yields its CHANNEL_URL."""
    port = free_port()
    folder = tempfile.mkdtemp(prefix="fleetscope-redis-")
    serve = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    process = subprocess.Popen(tied(serve), stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Nginx:
    pid: int
    port: int


@contextmanager
def nginx(folder: Path, cert: Path, key: Path) -> Iterator[Nginx]:
    """One process that serves the folder's files through TLS."""
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(f"""
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log; user root;
events {{ }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; root {folder};
    }}
}}
""")
    process = subprocess.Popen(tied(["nginx", "-c", str(config), "-e", f"{folder}/error.log"]))
    try:
        _wait_for(port, process)
        yield Nginx(process.pid, port)
    finally:
        _stop(process)
