"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import settings

# A busy machine makes a test slow, not wrong.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-rounds", type=int, default=0, help="rounds of every fault in tests/faults; 0: their short form"
    )
    parser.addoption("--residue", action="store_true", help="every kind of end for every tool in test_residue.py")
    parser.addoption("--cases", type=int, default=0, help="mutated inputs in tests/faults; 0: their short form")
