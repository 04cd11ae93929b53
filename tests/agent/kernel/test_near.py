"""What somebody may have meant."""

from __future__ import annotations

import pytest

from agent.kernel.near import near


@pytest.mark.parametrize(
    ("wanted", "names", "said"),
    [
        ("wbe", ["web", "db"], "did you mean web?"),
        ("WEB", ["web-1", "web-2", "db"], "did you mean web-1 or web-2?"),
        ("zzz", ["web", "db", "web", ""], "there are db, web"),
        (
            "zzz",
            [f"c{n:02}" for n in range(12)],
            f"there are {', '.join(f'c{n:02}' for n in range(10))} and 2 more",
        ),
        ("zzz", [], ""),
    ],
)
def test_like_names_come_first_then_what_there_is(wanted: str, names: list[str], said: str) -> None:
    assert near(wanted, names) == said
