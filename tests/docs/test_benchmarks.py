"""docs/benchmarks.md says what was measured, and calls a missed goal missed."""

from __future__ import annotations

import pytest

from tests.bench.table import PAGE, RESULTS, Goal, found, goals, line, text


def test_the_page_is_what_the_results_say() -> None:
    assert PAGE.read_text() == text(found(RESULTS.read_text()))


def test_every_goal_has_one_bound_and_each_question_is_asked_once() -> None:
    asked = [(goal.group, goal.what) for goal in goals()]
    assert len(set(asked)) == len(asked)
    assert all(goal.least is None or goal.most is None for goal in goals())


SPREAD = {"median": 2.0, "least": 1.5, "most": 2.5, "rounds": 3}


@pytest.mark.parametrize(
    ("bound", "says"),
    [
        ({"most": 3.0}, "| ≤ 3 | yes |"),
        ({"most": 1.0, "next": "Why."}, "| ≤ 1 | **missed** Why. |"),
        ({"least": 15.0, "ratio": "peer / ours"}, "| 4.0x | ≥ 15x less | **missed** |"),
        ({"least": 3.0, "ratio": "peer / ours"}, "| 4.0x | ≥ 3x less | yes |"),
        ({}, "| 4.0x |  |  |"),
    ],
)
def test_a_goal_is_met_or_missed(bound: dict[str, float], says: str) -> None:
    result = {"x": {"unit": "µs", "ours": SPREAD, "peer": {**SPREAD, "median": 8.0}}}
    assert line(Goal("g", "what", "x", **bound), result).endswith(says)  # type: ignore[arg-type]


def test_what_was_not_measured_is_not_called_met() -> None:
    assert line(Goal("g", "what", "x", most=3.0), {}) == "| what | not measured | | | ≤ 3 | |"


def test_what_was_refused_says_why_and_is_missed() -> None:
    refused = {"x": {"bench": "x", "refused": "it takes longer than 30 s"}}
    assert line(Goal("g", "what", "x", most=3.0), refused) == (
        "| what | refused: it takes longer than 30 s | | | ≤ 3 | **missed** |"
    )
