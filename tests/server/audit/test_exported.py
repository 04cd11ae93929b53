"""A thousand seeded changes of an exported file: each is found, and the first bad entry is named."""

from __future__ import annotations

import random

import orjson
import pytest

from server.audit.exported import Exported, ExportError, check
from tests.server.audit.conftest import exported_lines

pytestmark = pytest.mark.usefixtures("log")


def change_file(lines: list[bytes], dice: random.Random) -> list[bytes]:
    place, other = sorted(dice.sample(range(len(lines)), 2))
    kind = dice.randrange(5)
    if kind == 0:
        line = bytearray(lines[place])
        line[dice.randrange(len(line) - 1)] ^= 1 << dice.randrange(7)
        return [*lines[:place], bytes(line), *lines[place + 1 :]]
    if kind == 1:
        return [*lines[:place], *lines[place + 1 :]]
    if kind == 2:
        return [*lines[:place], lines[other], *lines[place:]]
    if kind == 3:
        return [*lines[:place], lines[other], *lines[place + 1 : other], lines[place], *lines[other + 1 :]]
    return lines[:other]


def is_sound(lines: list[bytes]) -> bool:
    try:
        return check(lines).verdict.bad_id is None
    except ExportError:
        return False


@pytest.mark.parametrize("whole", [True, False])
def test_a_thousand_changes_of_a_file_are_found(whole: bool) -> None:
    lines = exported_lines(whole=whole)
    assert is_sound(lines)
    for seed in range(1000):
        changed = change_file(lines, random.Random(seed))
        assert changed == lines or not is_sound(changed), seed


@pytest.mark.parametrize("whole", [True, False])
def test_the_first_bad_entry_of_a_file_is_named(whole: bool) -> None:
    lines = exported_lines(whole=whole)
    sound: Exported = check(lines)
    assert (sound.verdict.entries, sound.by) == (60 if whole else 20, "auditor")
    place = next(place for place, line in enumerate(lines) if b'"id":32,' in line)
    fields = orjson.loads(lines[place])
    lines[place] = orjson.dumps({**fields, "actor": "nobody"}, option=orjson.OPT_SORT_KEYS) + b"\n"
    assert check(lines).verdict.bad_id == 32
