import time
from typing import Any

import pytest

from fleetscope.cli.rowtable import RowTable

COLUMNS: list[dict[str, Any]] = [
    {"name": "time", "unit": "boot_time"},
    {"name": "pid", "unit": "pid"},
    {"name": "comm", "unit": "comm"},
    {"name": "error", "unit": "errno"},
    {"name": "latency", "unit": "nanoseconds"},
    {"name": "cgroup", "unit": "cgroup", "hidden": True},
    {"name": "path", "unit": "file_path"},
]
ROW = {
    "host": "web1", "time": "2026-01-02T03:04:05.123456789Z", "pid": 42, "comm": "cat", "error": 2,
    "latency": 1_250_000, "cgroup": 7, "path": "/etc/hosts",
}  # fmt: skip


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_the_first_row_brings_the_heading_and_units_pick_the_form() -> None:
    heading, line = RowTable(lambda: COLUMNS).lines(ROW)
    assert heading.split() == ["HOST", "TIME", "PID", "COMM", "ERROR", "LATENCY", "PATH"]
    assert line.split() == ["web1", "03:04:05.123456", "42", "cat", "ENOENT", "1.25ms", "/etc/hosts"]


def test_later_rows_stand_under_the_same_heading() -> None:
    table = RowTable(lambda: COLUMNS)
    heading, _ = table.lines(ROW)
    (line,) = table.lines({**ROW, "comm": "sh", "error": 0, "latency": 17, "path": None})
    assert line.index("sh") == heading.index("COMM")
    assert line.split()[-3:] == ["0", "17ns", "-"]


def test_control_characters_in_a_path_are_shown_not_sent() -> None:
    line = RowTable(lambda: COLUMNS).lines({**ROW, "path": "/tmp/\x1b[2J"})[1]
    assert line.endswith("/tmp/\\x1b[2J")


def test_lists_are_joined_the_way_people_read_them() -> None:
    columns = [{"name": "argv", "unit": "argv"}, {"name": "stack", "unit": "none", "role": "stack"}]
    line = RowTable(lambda: columns).lines({"argv": ["ls", "-l"], "stack": ["main", "read"]})[1]
    assert line.split() == ["ls", "-l", "main;read"]


def test_containers_have_a_column_from_the_first_row_of_one_on() -> None:
    table = RowTable(lambda: [*COLUMNS, {"name": "container", "unit": "container"}])
    heading, _ = table.lines({**ROW, "container": ""})
    assert "CONTAINER" not in heading
    assert len(table.lines({**ROW, "container": ""})) == 1
    heading, line = table.lines({**ROW, "container": "prod/shop-1/web"})
    assert line.index("prod/shop-1/web") == heading.index("CONTAINER") < heading.index("PATH")
    (line,) = table.lines({**ROW, "container": ""})
    assert line.index("/etc/hosts") == heading.index("PATH")


def test_signals_have_names_and_others_their_number() -> None:
    columns = [{"name": "sent", "unit": "signal"}]
    table = RowTable(lambda: columns)
    shown = [table.lines({"sent": number})[-1] for number in (9, 0, 62)]
    assert shown == ["SIGKILL", "0", "62"]


def test_what_may_be_long_stands_last() -> None:
    columns = [{"name": "stack", "role": "stack"}, {"name": "samples", "unit": "count"}]
    heading = RowTable(lambda: columns).lines({"stack": ["main"], "samples": 3})[0]
    assert heading.split() == ["SAMPLES", "STACK"]


@pytest.mark.parametrize(
    ("flags", "text"), [(0o2000000, "RDONLY"), (0o2001101, "WRONLY|CREAT|TRUNC"), (0o2000002, "RDWR"), (None, "-")]
)
def test_open_flags_are_named_without_what_everybody_asks_for(flags: int | None, text: str) -> None:
    assert RowTable(lambda: [{"name": "flags", "unit": "open_flags"}]).lines({"flags": flags})[1].strip() == text


@pytest.mark.parametrize(("slot", "text"), [(0, ">=0ns"), (1, ">=2ns"), (10, ">=1.024us"), (30, ">=1.074s")])
def test_a_histogram_slot_shows_where_it_begins(slot: int, text: str) -> None:
    assert RowTable(lambda: [{"name": "slot", "unit": "log2_slot"}]).lines({"slot": slot})[1].strip() == text


def test_values_are_called_by_their_names_and_addresses_are_hexadecimal() -> None:
    columns: list[dict[str, Any]] = [
        {"name": "state", "symbols": [{"value": 1, "name": "ON"}, {"value": 2, "name": "OFF"}]},
        {"name": "flags", "flags": True, "symbols": [{"value": 1, "name": "A"}, {"value": 6, "name": "BC"}]},
        {"name": "ptr", "unit": "address"},
    ]
    table = RowTable(lambda: columns)
    assert table.lines({"state": 2, "flags": 7, "ptr": 4096})[1].split() == ["OFF", "A|BC", "0x1000"]
    assert table.lines({"state": 3, "flags": 8, "ptr": None})[0].split() == ["3", "0x8", "-"]
    assert table.lines({"state": 1, "flags": 0, "ptr": 0})[0].split() == ["ON", "0", "0x0"]


def test_a_column_that_the_first_rows_host_lacks_has_its_place() -> None:
    table = RowTable(lambda: [{"name": "pid", "unit": "pid"}, {"name": "extra"}])
    assert table.lines({"pid": 1})[0].split() == ["PID", "EXTRA"]
    assert table.lines({"pid": 2, "extra": 5})[0].split() == ["2", "5"]


SAID: list[dict[str, Any]] = [
    {"name": "time", "unit": "boot_time"},
    {"name": "pid", "unit": "pid"},
    {"name": "conn", "unit": "connection"},
    {"name": "direction", "unit": "direction"},
    {"name": "size", "unit": "bytes"},
    {"name": "data", "unit": "none", "role": "payload"},
]
WORDS = {
    "host": "web1", "time": "2026-01-02T03:04:05Z", "pid": 42, "conn": 0x7F10, "direction": "in", "size": 900,
    "data": "\n\x1b]52;\x07\u202e" + "世" * 100,
}  # fmt: skip


def test_payload_is_one_line_cut_to_the_terminal() -> None:
    heading, line = RowTable(lambda: SAID, 80).lines(WORDS)
    assert "\n" not in line and line.isprintable() and line.endswith("世…")
    assert 78 <= sum(2 if char == "世" else 1 for char in line) <= 80
    assert heading.split() == ["HOST", "TIME", "PID", "DIRECTION", "SIZE", "DATA"]


def test_where_there_is_room_payload_is_whole_and_nothing_left_out() -> None:
    heading, line = RowTable(lambda: SAID).lines(WORDS)
    assert line.endswith("\\x0a\\x1b]52;\\x07\\u202e" + "世" * 100)
    assert "0x7f10" in line and "CONN" in heading


def test_only_payload_is_cut() -> None:
    assert RowTable(lambda: COLUMNS, 40).lines(ROW)[1].endswith("/etc/hosts")
