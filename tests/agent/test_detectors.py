from __future__ import annotations

import re

import pytest

from agent.detectors import CHECKED, DETECTORS, NAMES, Detector


@pytest.mark.parametrize("detector", DETECTORS, ids=NAMES)
def test_each_pattern_has_what_stays_before_and_after(detector: Detector) -> None:
    for pattern in detector.patterns:
        assert re.compile(pattern.replace(r"\z", r"\Z")).groups == 2


@pytest.mark.parametrize("detector", DETECTORS, ids=NAMES)
def test_a_hint_has_no_anchor_for_it_is_searched_in_all_values_at_once(detector: Detector) -> None:
    assert not re.search(r"\\[bBAzZ]|(?<!\[)\^|\$", detector.hint)


def test_names_are_told_apart() -> None:
    assert len(set(NAMES)) == len(DETECTORS)
    assert CHECKED in NAMES
