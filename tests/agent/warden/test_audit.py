from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from agent.warden.audit import AuditError, HostAudit, read


def _entries(path: Path) -> list[str]:
    return [str(entry["event"]) for entry in read(path)]


def test_entries_chain_over_restarts_and_only_root_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    HostAudit(path).record("start", user="ada\n\x1b[31m", run="01")
    second = HostAudit(path)
    second.record("stop", run="01")
    second.record("end", run="01")
    assert _entries(path) == ["start", "stop", "end"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().splitlines()) == 3, "what people typed cannot make a line"


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_changed_entry_is_named(tmp_path: Path, line: int) -> None:
    path = tmp_path / "audit.log"
    audit = HostAudit(path)
    for user in ("ada", "bob", "eve"):
        audit.record("start", user=user)
    lines = path.read_text().splitlines()
    entry = json.loads(lines[line])
    entry["user"] = "mallory"
    lines[line] = json.dumps(entry)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(AuditError, match=f"line {line + 1} does not follow"):
        list(read(path))


def test_a_removed_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    audit = HostAudit(path)
    for user in ("ada", "bob", "eve"):
        audit.record("start", user=user)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])
    with pytest.raises(AuditError, match="line 2"):
        list(read(path))


def test_a_torn_line_is_cut_and_the_cut_recorded(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    HostAudit(path).record("start")
    with path.open("a") as file:
        file.write('{"n": 2, "event": "sta')
    HostAudit(path).record("refusal")
    assert _entries(path) == ["start", "recovered", "refusal"]


def test_a_line_of_megabytes_is_continued_and_a_torn_one_cut(tmp_path: Path) -> None:
    """A server may give a reason of a million characters, and each is six in the record."""
    path = tmp_path / "audit.log"
    HostAudit(path).record("start", reason="\1" * 500_000)
    HostAudit(path).record("end")
    with path.open("a") as file:
        file.write('{"n": 3, "reason": "' + "x" * 3_000_000)
    HostAudit(path).record("start")
    assert _entries(path) == ["start", "end", "recovered", "start"]


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    audit = HostAudit(path)
    audit.record("start")
    path.rename(tmp_path / "moved")
    path.mkdir()
    with pytest.raises(AuditError, match="cannot be written"):
        audit.record("start")
    path.rmdir()
    (tmp_path / "moved").rename(path)
    audit.record("refusal")
    assert _entries(path) == ["start", "refusal"]


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    audit = HostAudit(path)
    audit.record("start")
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, hard))
    try:
        with pytest.raises(AuditError):
            audit.record("start", reason="x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before


@pytest.mark.parametrize("line", ["hello", "", "[]", "{}", '{"n": 1}', '{"n": null, "hash": ""}', "[" * 100_000])
def test_a_log_that_is_no_log_is_not_continued(tmp_path: Path, line: str) -> None:
    path = tmp_path / "audit.log"
    path.write_text(f"{line}\n")
    with pytest.raises(AuditError, match="last line is no entry"):
        HostAudit(path).record("start")
    assert list(read(tmp_path / "missing")) == []
