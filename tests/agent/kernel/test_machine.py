from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agent.kernel import machine
from agent.kernel.machine import ELF_HEAD, is_elf

OWN = Path(sys.executable).resolve().read_bytes()[:ELF_HEAD]


def test_a_program_of_this_machine_is_one() -> None:
    assert is_elf(OWN)
    assert is_elf(OWN + b"more")


@pytest.mark.parametrize(
    ("place", "byte"),
    [(0, 0), (3, 0x47), (4, 1), (5, 2), (18, 0xF3)],
    ids=["magic", "name", "class", "order", "machine"],
)
def test_anything_else_is_none(place: int, byte: int) -> None:
    assert not is_elf(OWN[:place] + bytes([byte]) + OWN[place + 1 :])


@pytest.mark.parametrize("head", [b"", b"#!/bin/sh\n", OWN[:-1]])
def test_less_than_a_head_is_none(head: bytes) -> None:
    assert not is_elf(head)


def test_on_a_machine_that_is_not_known_nothing_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_MACHINES", {})
    assert not is_elf(OWN)
