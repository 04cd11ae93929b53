"""sessions, stop."""

import click

from fleetscope.cli.ending import report, wait_for_end
from fleetscope.cli.filters import target_text
from fleetscope.cli.output import local_time, note, output_option, print_json, print_table
from fleetscope.client import connect
from fleetscope.models import Session

STOP_SECONDS = 20.0


@click.command()
@click.option("--tool", help="Only sessions of this tool.")
@click.option("--state", type=click.Choice(["pending", "running", "ended"]), help="Only sessions in this state.")
@click.option("--user", help="Only sessions of this user.")
@click.option("--team", help="Only sessions of this team.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="How many, newest first.")
@output_option()
def sessions(tool: str | None, state: str | None, user: str | None, team: str | None, limit: int, output: str) -> None:
    """List sessions, newest first."""
    with connect() as client:
        found, total = client.sessions(limit=limit, tool=tool, state=state, user=user, team=team)
    if output == "json":
        return print_json(found)
    print_table(
        ["SESSION", "TOOL", "STATE", "STARTED", "BY", "HOSTS", "TARGET", "ROWS", "BOOKS"],
        (_row(session) for session in found),
        empty="no sessions yet; run: fleetscope start opensnoop --duration 10s",
    )
    if total > len(found):
        note(f"{total - len(found)} older ones not shown; see --limit")


@click.command()
@click.argument("session")
@output_option()
def stop(session: str, output: str) -> None:
    """Stop a session and wait until its books are closed."""
    with connect() as client:
        found = client.session(session)
        client.stop(found["id"])
        ended = wait_for_end(client, found["id"], STOP_SECONDS)
    if output == "json":
        return print_json(ended)
    report(ended)


def _attached_nowhere(session: Session) -> bool:
    """No host traced anything: its books are in order, and it is no good session all the same."""
    ends = [run["end"]["cause"] if run["end"] else "" for run in session["runs"]]
    return bool(ends) and set(ends) == {"failed"}


def _row(session: Session) -> list[object]:
    return [
        session["id"][:8],
        session["tool"],
        "failed" if _attached_nowhere(session) else session["state"],
        local_time(session["created_at"]),
        session["created_by"],
        " ".join(session["hosts"]),
        target_text(session),
        session["rows"],
        session["books"],
    ]
