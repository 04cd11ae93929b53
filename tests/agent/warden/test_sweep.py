from __future__ import annotations

from pathlib import Path

from agent.warden.sweep import leftovers, sweep

EVENTS = """\
p:kprobes/p_vfs_read_bcc_4711 vfs_read
r16:kprobes/r_vfs_read_bcc_4711 vfs_read
p:kprobes/p_vfs_read_bcc_14711 vfs_read
p:kprobes/p_vfs_read_bcc_471 vfs_read
p:uprobes/mine /bin/bash:0x1234
p:evil/other_bcc_4711x foo
"""


def test_only_what_that_process_made_is_a_leftover() -> None:
    assert leftovers(EVENTS, 4711) == ["kprobes/p_vfs_read_bcc_4711", "kprobes/r_vfs_read_bcc_4711"]


def test_leftovers_are_removed_by_name_and_nothing_else_is_written(tmp_path: Path) -> None:
    (tmp_path / "kprobe_events").write_text(EVENTS)
    sweep(4711, tmp_path)
    added = (tmp_path / "kprobe_events").read_text().removeprefix(EVENTS)
    assert added == "-:kprobes/p_vfs_read_bcc_4711\n-:kprobes/r_vfs_read_bcc_4711\n"
    sweep(1, tmp_path)
    assert (tmp_path / "kprobe_events").read_text() == EVENTS + added
