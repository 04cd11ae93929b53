"""How a session ended: its ledger for people, and whether that is what was asked for."""

import time

from fleetscope.cli.output import note
from fleetscope.client import Client
from fleetscope.errors import FleetscopeError
from fleetscope.models import Ledger, Run, Session

# A run that stopped for one of these did what somebody asked of it.
AS_ASKED = frozenset({"duration", "rows", "bytes", "stopped", "target_exited"})
POLL_SECONDS = 0.2


def wait_for_end(client: Client, session_id: str, seconds: float) -> Session:
    """Raises FleetscopeError when the session still runs after that time."""
    deadline = time.monotonic() + seconds
    while True:
        session = client.session(session_id)
        if session["state"] == "ended":
            return session
        if time.monotonic() > deadline:
            raise FleetscopeError(_still_running(session, seconds))
        time.sleep(POLL_SECONDS)


def report(session: Session) -> None:
    """One line a run on stderr."""
    for run in session["runs"]:
        books = run["books_message"] or run["books"]
        said = run["end"]["message"] if run["end"] else ""
        # Of a run that traced nothing the books say why already.
        attached = (run["schema"] or {}).get("attached", "")
        parts = [ledger_text(run["ledger"]), books, "" if said in books else said, attached]
        note(f"ledger {run['host']['name']}: {'; '.join(part for part in parts if part)}")


def ledger_text(ledger: Ledger | None) -> str:
    if ledger is None:
        return "nothing counted"
    lost = {cause: events for cause, events in ledger["lost"].items() if events}
    causes = ", ".join(f"{cause} {events}" for cause, events in sorted(lost.items()))
    books = f"seen {ledger['seen']} = stored {ledger['stored']} + lost {sum(lost.values())}{causes and f' ({causes})'}"
    return f"{books}{_redacted(ledger['redacted'])}"


def _redacted(values: dict[str, int]) -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(values.items()))
    return kinds and f"; {sum(values.values())} values redacted on the host ({kinds})"


def failure(session: Session) -> str | None:
    """What went otherwise than asked, as one line; None: nothing."""
    wrong = [_failure_of(run) for run in session["runs"]]
    said = "; ".join(text for text in wrong if text)
    return f"session {session['id'][:8]}: {said}" if said else None


def _failure_of(run: Run) -> str | None:
    end = run["end"]
    if run["state"] != "refused" and end and end["cause"] in AS_ASKED:
        return None
    cause = "refused" if run["state"] == "refused" else end["cause"].replace("_", " ") if end else "no end reported"
    why = f": {end['message']}" if end and end["message"] else ""
    return f"{run['host']['name']}: {cause}{why}"


def _still_running(session: Session, seconds: float) -> str:
    hosts = [run["host"]["name"] for run in session["runs"] if run["state"] not in ("ended", "refused")]
    return (
        f"session {session['id'][:8]} has not ended {seconds:.0f} s after it was asked to: "
        f"no word from {', '.join(hosts)}; see fleetscope hosts"
    )
