"""requests: for sessions that need the agreement of others."""

from pathlib import Path
from typing import Any

import click

from fleetscope.cli.output import local_time, note, output_option, print_json, print_table
from fleetscope.client import Client, connect
from fleetscope.errors import FleetscopeError
from fleetscope.models import Request
from fleetscope.signing import checked, sign

key_option = click.option(
    "--key", type=click.Path(path_type=Path), metavar="FILE", help="Sign with this ssh-ed25519 key, ~/.ssh/id_ed25519."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask; for what you have read before.")


@click.group(invoke_without_command=True)
@click.option("--state", default="", metavar="STATE", help="Only: waiting, approved, started, denied, expired, void.")
@output_option()
@click.pass_context
def requests(context: click.Context, state: str, output: str) -> None:
    """List requests for sessions that need the agreement of others, newest first."""
    if context.invoked_subcommand:
        return
    with connect() as client:
        found = client.requests(state)
    if output == "json":
        return print_json(found)
    print_table(
        ["REQUEST", "TOOL", "STATE", "BY", "AGREED", "EXPIRES", "HOSTS", "REASON"],
        (_row(request) for request in found),
        empty="nobody has asked yet; run: fleetscope start TOOL --request --reason TEXT",
    )


@requests.command("show")
@click.argument("request_id", metavar="REQUEST")
@click.option("--bytes", "exact", is_flag=True, help="Only the bytes that people sign.")
def show(request_id: str, *, exact: bool) -> None:
    """Show what people agree to, and who did."""
    with connect() as client:
        found = client.request(request_id)
    click.echo(checked(found["specification"]), nl=False)
    if not exact:
        _tell(found)


@requests.command("sign")
@click.argument("request_id", metavar="REQUEST")
@key_option
@yes_option
def sign_own(request_id: str, key: Path | None, *, yes: bool) -> None:
    """Sign a request of your own."""
    with connect() as client:
        _tell(_signed(client, client.request(request_id), "sign", key or Path("~/.ssh/id_ed25519"), yes=yes))


@requests.command("approve")
@click.argument("request_id", metavar="REQUEST")
@key_option
@yes_option
def approve(request_id: str, key: Path | None, *, yes: bool) -> None:
    """Agree to what somebody else asks for, after reading all of it."""
    with connect() as client:
        found = client.request(request_id)
        if found["signed"] and key is None:
            raise FleetscopeError("hosts want this signed: give your key, like --key ~/.ssh/id_ed25519")
        _tell(_signed(client, found, "approve", key, yes=yes))


@requests.command("deny")
@click.argument("request_id", metavar="REQUEST")
@click.option("--reason", required=True, metavar="TEXT", help="Why; shown to who asked.")
def deny(request_id: str, reason: str) -> None:
    """Refuse a request, also after others have agreed."""
    _answer(request_id, "deny", {"reason": reason})


@requests.command("withdraw")
@click.argument("request_id", metavar="REQUEST")
def withdraw(request_id: str) -> None:
    """Take back a request of your own."""
    _answer(request_id, "withdraw", {})


@requests.command("review")
@click.argument("request_id", metavar="REQUEST")
@click.option("--text", required=True, metavar="TEXT", help="What you found.")
def review(request_id: str, text: str) -> None:
    """Review a session that broke the glass."""
    _answer(request_id, "review", {"review": text})


@requests.command("start")
@click.argument("request_id", metavar="REQUEST")
@output_option()
def start_approved(request_id: str, output: str) -> None:
    """Start what was approved, and print its session's id."""
    with connect() as client:
        session = client.start_approved(client.request(request_id)["id"])
        note(f"session {session['id']} on {', '.join(session['hosts'])}: {client.url}/sessions/{session['id']}")
    if output == "json":
        return print_json({"session": session["id"]})
    click.echo(session["id"])


def ask(client: Client, order: dict[str, Any], key: Path | None) -> Request:
    """A new request, signed by who asks when there is a key."""
    tool = order.pop("tool")
    made = client.ask(tool, **order)
    if key is not None and made["signed"]:
        made = _signed(client, made, "sign", key, yes=True)
    _tell(made)
    if made["signed"] and key is None:
        note(f"hosts want your signature too: fleetscope requests sign {made['id'][:8]} --key ~/.ssh/id_ed25519")
    return made


def _signed(client: Client, found: Request, verb: str, key: Path | None, *, yes: bool) -> Request:
    """Shown from the bytes that are signed, and from nothing else."""
    text = checked(found["specification"])
    click.echo(text, nl=False, err=True)
    if not yes:
        click.confirm("Do you agree to exactly this?", abort=True, err=True)
    body = {} if key is None else {"signature": {"ssh": sign(text, key)}}
    return client.answer(found["id"], verb, body)


def _answer(request_id: str, verb: str, body: dict[str, str]) -> None:
    with connect() as client:
        _tell(client.answer(client.request(request_id)["id"], verb, body))


def _tell(request: Request) -> None:
    more = f": {request['state_message']}" if request["state_message"] else ""
    note(f"request {request['id']} by {request['created_by']} is {request['state']}{more}")
    note(f"  because {request['why']}; until {local_time(request['expires_at'])}")
    for voice in request["voices"]:
        key = f" with {voice['key']}" if voice["key"] else ""
        note(f"  {voice['part']} {voice['person']}{key} at {local_time(voice['at'])}")
    if request["review_due"]:
        note(f"  it broke the glass and is not reviewed: fleetscope requests review {request['id'][:8]} --text TEXT")


def _row(request: Request) -> list[object]:
    agreed = [voice["person"] for voice in request["voices"] if voice["part"] == "approver"]
    return [
        request["id"][:8],
        request["tool"],
        "review due" if request["review_due"] else request["state"],
        request["created_by"],
        f"{len(agreed)} of {request['needed']}",
        local_time(request["expires_at"]),
        " ".join(request["hosts"]),
        request["reason"],
    ]
