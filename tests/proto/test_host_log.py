from __future__ import annotations

import pytest

from proto.host_log import GENESIS, HostLogError, entries, line_of


def lines(count: int) -> list[bytes]:
    last, made = GENESIS, []
    for number in range(1, count + 1):
        last, line = line_of(last, {"n": number, "event": "start", "text": "ü"})
        made.append(line)
    return made


def test_what_was_written_is_read() -> None:
    assert [entry["n"] for entry in entries(lines(3))] == [1, 2, 3]


@pytest.mark.parametrize("change", ["drop", "edit", "swap", "garbage"])
def test_the_first_line_that_does_not_follow_is_named(change: str) -> None:
    one, two, three = lines(3)
    changed = {
        "drop": [one, three],
        "edit": [one, two.replace(b"start", b"stort"), three],
        "swap": [one, three, two],
        "garbage": [one, b"[]\n"],
    }[change]
    with pytest.raises(HostLogError, match="line 2 does not follow"):
        list(entries(changed))
