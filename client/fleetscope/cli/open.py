"""open: the rows of a session of risk class S3 once more, after they were locked."""

from pathlib import Path

import click

from fleetscope.cli.output import note
from fleetscope.cli.requests import key_option, yes_option
from fleetscope.client import connect
from fleetscope.errors import FleetscopeError
from fleetscope.signing import checked, sign


@click.command("open")
@click.argument("session")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is signed, and on record here and on the hosts.")
@key_option
@yes_option
def open_rows(session: str, reason: str, key: Path | None, *, yes: bool) -> None:
    """Open the locked rows of SESSION for 15 minutes.

    Soon after a session of risk class S3 has ended only its hosts have the key of its rows. They give it out to whoever
    their owners let ask for plaintext and signs for it.
    """
    with connect() as client:
        made = client.ask_for_opening(session, reason)
        text = checked(made["text"])
        click.echo(text, nl=False, err=True)
        if not yes:
            click.confirm("Do you want exactly this?", abort=True, err=True)
        signature = {"ssh": sign(text, key or Path("~/.ssh/id_ed25519"))} if made["signed"] else None
        answers = client.open_rows(session, made["id"], signature)
    for answer in answers:
        note(f"{answer['host']}: {answer['error'] or 'its rows can be read for 15 minutes'}")
    if all(answer["error"] for answer in answers):
        raise FleetscopeError("no rows were opened")
