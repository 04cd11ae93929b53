from typing import Any, cast

import pytest

from fleetscope.cli.ending import failure, ledger_text, report
from fleetscope.models import Session


def session(**run: Any) -> Session:
    base = {
        "id": "r1", "host": {"id": "h1", "name": "web1"}, "state": "ended", "books": "complete",
        "books_message": "", "end": {"cause": "duration", "by": "its limits", "message": "ran for 10 s"},
        "ledger": {"seen": 7, "stored": 7, "lost": {}, "redacted": {}}, "schema": None,
    }  # fmt: skip
    return cast(Session, {"id": "0123456789abcdef", "runs": [{**base, **run}]})


def test_the_ledger_adds_up_before_the_readers_eyes() -> None:
    assert ledger_text({"seen": 10, "stored": 7, "lost": {"ring": 2, "throttled": 1, "spool": 0}, "redacted": {}}) == (
        "seen 10 = stored 7 + lost 3 (ring 2, throttled 1)"
    )
    assert ledger_text({"seen": 7, "stored": 7, "lost": {}, "redacted": {}}) == "seen 7 = stored 7 + lost 0"
    assert ledger_text({"seen": 7, "stored": 7, "lost": {}, "redacted": {"password": 2, "cookie": 1}}).endswith(
        "; 3 values redacted on the host (cookie 1, password 2)"
    )
    assert ledger_text(None) == "nothing counted"


def test_every_run_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    report(session())
    assert capsys.readouterr().err == "ledger web1: seen 7 = stored 7 + lost 0; complete; ran for 10 s\n"


def test_what_a_pattern_of_functions_meant_is_said_also_without_rows(capsys: pytest.CaptureFixture[str]) -> None:
    report(session(schema={"attached": "7 functions of /lib/libc.so.6"}))
    assert capsys.readouterr().err.endswith("; ran for 10 s; 7 functions of /lib/libc.so.6\n")


@pytest.mark.parametrize("cause", ["duration", "rows", "bytes", "stopped", "target_exited"])
def test_a_session_that_ended_as_asked_is_no_failure(cause: str) -> None:
    assert failure(session(end={"cause": cause, "message": ""})) is None


def test_losses_alone_are_no_failure() -> None:
    assert failure(session(books="lossy", ledger={"seen": 9, "stored": 7, "lost": {"ring": 2}, "redacted": {}})) is None


@pytest.mark.parametrize("cause", ["budget", "switched_off", "runner_died", "agent_stopped", "failed", "spool_full"])
def test_any_other_end_says_what_and_why(cause: str) -> None:
    said = failure(session(end={"cause": cause, "message": "because of it"}))
    assert said == f"session 01234567: web1: {cause.replace('_', ' ')}: because of it"


def test_a_refused_run_is_a_failure_even_without_an_end() -> None:
    assert failure(session(state="refused", end=None)) == "session 01234567: web1: refused"


def test_a_reason_that_the_books_tell_is_not_told_twice(capsys: pytest.CaptureFixture[str]) -> None:
    report(
        session(
            books_message="nothing was traced: no process 7",
            end={"cause": "failed", "by": "the host", "message": "no process 7"},
        )
    )
    assert capsys.readouterr().err == "ledger web1: seen 7 = stored 7 + lost 0; nothing was traced: no process 7\n"
