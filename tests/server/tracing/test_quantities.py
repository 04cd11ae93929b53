from __future__ import annotations

import pytest

from server.tracing.quantities import bytes_text, parse_bounds, parse_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [("50GB", 50 * 10**9), ("1.5 kB", 1500), ("7b", 7), ("2tb", 2 * 10**12), (" 48.2 GB ", 482 * 10**8)],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "50", "GB", "-1GB", "0GB", "1e3GB", "50GiB", "99999999PB", "50GB; rm"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (48_200_000_000, "48.2 GB"),
        (999_999_999, "1 GB"),
        (10**18, "1000 PB"),
    ],
)
def test_sizes_are_written(size: int, text: str) -> None:
    assert bytes_text(size) == text


def test_bounds_of_the_command_line() -> None:
    found = parse_bounds({"quota": "50GB", "keep": "none", "days": "30"})
    assert found == {"quota_bytes": 50 * 10**9, "keep_bytes": None, "keep_days": 30}
    assert parse_bounds({"days": "none"}) == {"keep_days": None}


@pytest.mark.parametrize("days", ["0", "-3", "1.5", "40000", "soon"])
def test_what_is_no_number_of_days_is_refused(days: str) -> None:
    with pytest.raises(ValueError, match="days"):
        parse_bounds({"days": days})
