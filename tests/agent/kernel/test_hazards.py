from __future__ import annotations

import pytest

from agent.kernel.hazards import user_function_hazard


@pytest.mark.parametrize("preemption", ["full", "lazy"])
@pytest.mark.parametrize("release", ["6.13.0-rc1", "6.18.4", "7.0.1-amd64"])
def test_a_preemptible_kernel_with_private_stacks_gets_no_large_program_on_user_functions(
    preemption: str, release: str
) -> None:
    why = user_function_hazard(release, preemption, 64)
    assert release in why and "issue 3056" in why and "preempt=none" in why


@pytest.mark.parametrize(
    ("release", "preemption"),
    [("6.18.4", "unknown"), ("6.18.4", "eager"), ("mainline", "full"), ("mainline", "unknown")],
)
def test_a_kernel_of_which_it_is_not_known_gets_none_either(release: str, preemption: str) -> None:
    why = user_function_hazard(release, preemption, 64)
    assert f"on Linux {release} with preemption {preemption}" in why and "preempt=none" in why
    assert ("mount debugfs" in why) == (preemption != "full")


@pytest.mark.parametrize(
    ("release", "preemption", "stack"),
    [
        ("6.18.4", "none", 512),
        ("6.18.4", "voluntary", 512),
        ("6.18.4", "unknown", 56),
        ("6.12.107", "unknown", 512),
        ("6.18.4", "full", 56),
        ("6.12.107", "full", 512),
        ("5.10.0-30-amd64", "full", 512),
    ],
)
def test_others_do(release: str, preemption: str, stack: int) -> None:
    assert user_function_hazard(release, preemption, stack) == ""
