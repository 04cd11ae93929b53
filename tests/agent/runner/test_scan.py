from __future__ import annotations

import struct

import pytest

from agent.runner.scan import ACTING, acting_call, stack_bytes

CALL, MOVE, ADD, STORE, LOAD, EXIT = 0x85, 0xBF, 0x07, 0x7B, 0x79, 0x95


def code(*instructions: tuple[int, int, int, int, int]) -> bytes:
    """Of (code, target, source, offset, value)."""
    return b"".join(
        struct.pack("<BBhi", number, source << 4 | target, offset, value)
        for number, target, source, offset, value in instructions
    )


@pytest.mark.parametrize("helper", ACTING)
def test_a_call_that_acts_is_named(helper: int) -> None:
    assert acting_call(code((MOVE, 1, 10, 0, 0), (CALL, 0, 0, 0, helper), (EXIT, 0, 0, 0, 0))) == ACTING[helper]


def test_functions_of_the_kernel_are_named_whichever_they_are() -> None:
    assert "no helper" in acting_call(code((CALL, 0, 2, 0, 4711)))


def test_other_helpers_own_functions_and_constants_are_let_through() -> None:
    own_function, constant = (CALL, 0, 1, 0, 109), (0x18, 1, 0, 0, 109)
    assert acting_call(code((CALL, 0, 0, 0, 14), own_function, constant, (0, 0, 0, 0, 133), (EXIT, 0, 0, 0, 0))) == ""


def test_the_stack_is_as_deep_as_the_lowest_place_that_is_used() -> None:
    assert stack_bytes(code((EXIT, 0, 0, 0, 0))) == 0
    assert stack_bytes(code((STORE, 10, 1, -24, 0), (LOAD, 1, 10, -8, 0))) == 24
    assert stack_bytes(code((MOVE, 2, 10, 0, 0), (ADD, 2, 0, 0, -128), (STORE, 1, 2, -512, 0))) == 128
    assert stack_bytes(code((ADD, 2, 0, 0, -256))) == 0
