from __future__ import annotations

from agent.warden.report import table

RUN = {
    "user": "ada",
    "tool": "opensnoop",
    "state": "attached",
    "since": "2026-11-22T10:00:00+00:00",
    "seen": 1000,
    "stored": 990,
    "lost": 10,
    "host_percent": 1.25,
    "session": "ab12",
    "approved": "",
    "reason": "why \x1b[2J not\n",
}
END = ["approved", "reason"]
SERVER = {"connected": True, "message": ""}


def test_every_run_is_a_line_with_who_what_and_why() -> None:
    lines = table({"runs": [RUN], "off": "", "server": SERVER}).splitlines()
    assert lines[0] == "server: connected"
    assert lines[1].split() == ["user", "tool", "state", "since", "seen", "stored", "lost", "cpu", "session", *END]
    assert lines[2].split()[:3] == ["ada", "opensnoop", "attached"]
    assert lines[2].split()[4:8] == ["1000", "990", "10", "1.2%"]
    assert lines[2].endswith(r"why \x1b[2J not\n"), "what others typed cannot move the cursor"


def test_quiet_off_and_cut_off_are_said() -> None:
    lines = table({"runs": [], "off": "switched off by ada", "server": {"connected": False, "message": "refused"}})
    assert lines == "server: not connected, refused\nswitched off by ada\nnobody is tracing here now\n"
