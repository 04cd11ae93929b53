"""A terminal's name becomes the numbers that the kernel knows it by."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.runner import terminals
from agent.runner.compiler import AttachError
from agent.runner.terminals import no_terminal, terminal_numbers


@pytest.fixture
def terminal() -> Iterator[str]:
    master, slave = pty.openpty()
    yield os.ttyname(slave).removeprefix("/dev/")
    os.close(master)
    os.close(slave)


def test_a_pseudo_terminal_is_its_file(terminal: str) -> None:
    numbers = terminal_numbers(terminal)
    index = int(terminal.removeprefix("pts/"))
    assert numbers.keys() == no_terminal().keys()
    assert (numbers["TERMINAL_IS_PTY"], numbers["TERMINAL_DEVICE"]) == (1, 136 << 20 | index)
    assert numbers["TERMINAL_INODE"] == Path(f"/dev/{terminal}").stat().st_ino


def test_what_does_not_exist_is_said_with_what_does(terminal: str) -> None:
    with pytest.raises(AttachError, match=rf"no terminal /dev/pts/999999: No such file.*: .*\b{terminal}\b"):
        terminal_numbers("pts/999999")


def test_a_file_is_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminals, "DEVICES", tmp_path)
    (tmp_path / "tty1").touch()
    with pytest.raises(AttachError, match=r"tty1 is no terminal; open pseudo-terminals: none"):
        terminal_numbers("tty1")
