from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from agent.kernel.regular import open_mapped, open_regular


def test_a_file_is_read_through_its_links(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("file", "link"):
        with open_regular(str(tmp_path / name)) as file:
            assert file.read() == b"content"


def test_nothing_else_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for a writer
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for path in (*(str(tmp_path / name) for name in ("pipe", "socket", "loop", "missing", ".")), "/dev/null"):
            with pytest.raises(OSError) as error:
                open_regular(path)
            assert error.value.filename == path


def test_links_stay_below_the_root_of_a_process(tmp_path: Path) -> None:
    """A process that changed its root has links there which, from here, lead to files of ours."""
    (tmp_path / "ours").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "absolute").symlink_to(tmp_path / "ours")
    (root / "upward").symlink_to("../ours")
    (root / "own").write_text("own")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.chroot(root)
        os.write(write, b"!")
        time.sleep(60)
        os._exit(0)
    try:
        assert os.read(read, 1) == b"!"
        place = Path(f"/proc/{child}/root")
        with open_regular("/own", place) as file:
            assert file.read() == b"own"
        for name in ("absolute", "upward"):
            with pytest.raises(FileNotFoundError):
                open_regular(f"/{name}", place)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(read)
        os.close(write)


def test_a_mapped_file_is_found_after_its_name_is_gone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    with (tmp_path / "file").open("rb") as held:
        (tmp_path / "file").unlink()
        with open_mapped(f"/proc/self/fd/{held.fileno()}") as file:
            assert file.read() == b"content"
