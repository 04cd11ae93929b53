"""What holds for every test."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from agent.kernel.mounts import ensure_mounts

# A busy machine makes a test slow, not wrong.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """A bare machine has no tracefs mounted; what tests read of it must not hang on who ran before them."""
    if os.geteuid() == 0:
        ensure_mounts()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-rounds", type=int, default=0, help="rounds of every fault in tests/faults; 0: their short form"
    )
    parser.addoption("--residue", action="store_true", help="every kind of end for every tool in test_residue.py")
    parser.addoption(
        "--cases", type=int, default=0, help="inputs, sizes or rounds of the tests that say so; 0: their short form"
    )
