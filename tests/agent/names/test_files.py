from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from agent.names.files import opened
from agent.names.found import NotAnswered
from tests.workloads.library import build_library


def refused(path: str, pid: int = 0) -> str:
    with pytest.raises(NotAnswered) as error, opened(path, pid):
        pass
    return str(error.value)


def test_a_library_is_read_through_links_and_as_a_process_sees_it(tmp_path: Path) -> None:
    library = build_library(tmp_path)
    (tmp_path / "link.so").symlink_to(library)
    for path, pid in ((library, 0), (tmp_path / "link.so", 0), (library, os.getpid())):
        with opened(str(path), pid) as elf:
            assert b"gear_0" in {symbol.name for symbol in elf.functions()}


def test_whatever_else_is_there_gets_the_same_words(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    (tmp_path / "text").write_text("secret")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("pipe", "socket", "text", "loop", "missing", "."):
        path = str(tmp_path / name)
        assert refused(path).replace(path, "X").startswith("there is no program or library X to read; give the path")
    listening.close()
    assert "/dev/zero" in refused("/dev/zero")
    assert "/proc/kcore" in refused("/proc/kcore/..")


def test_no_path_leads_through_another_process(tmp_path: Path) -> None:
    build_library(tmp_path)
    assert "no program" in refused(f"/proc/self/root{tmp_path}/libgears.so")


def test_a_link_stays_in_the_root_of_the_process(tmp_path: Path) -> None:
    """A process that changed its root has a link there which, from here, would lead to our own interpreter."""
    interpreter = str(Path(sys.executable).resolve())
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/python").symlink_to(interpreter)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.chroot(tmp_path / "inner")
        os.write(write, b"!")
        time.sleep(60)
        os._exit(0)
    try:
        assert os.read(read, 1) == b"!"
        assert "no program" in refused("/python", child)
        with opened(interpreter, 0) as elf:
            assert any(True for _ in elf.functions())
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(read)
        os.close(write)
