"""share: opening a session to people of other teams."""

from collections.abc import Callable
from typing import Any

import click

from fleetscope.cli.output import local_time, note, output_option, print_json, print_table
from fleetscope.client import connect
from fleetscope.models import Share
from fleetscope.quantities import duration_ms

_HOUR = 3_600_000


def _hours(_context: click.Context, _option: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        hours, rest = divmod(duration_ms(text), _HOUR)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if rest:
        raise click.BadParameter(f"{text!r} is not whole hours; write it like 12h or 7d")
    return hours


def _ends(**more: Any) -> Callable[..., Any]:
    return click.option("--for", "hours", callback=_hours, metavar="DURATION", **more)


@click.group()
def share() -> None:
    """Open a session to people of other teams, as far as their own rights reach."""


@share.command("list")
@click.argument("session")
@output_option()
def listed(session: str, output: str) -> None:
    """List with whom a session is shared."""
    with connect() as client:
        found = client.shares(session)
    if output == "json":
        return print_json(found)
    print_table(
        ["ID", "WITH", "BY", "UNTIL", "OPENED BY", "PROBLEM"],
        (
            [one["id"], _with(one), one["given_by"], _until(one), ", ".join(one["opened_by"]), one["problem"]]
            for one in found
        ),
        empty="nobody outside its team can see this session",
    )


@share.command()
@click.argument("session")
@click.argument("name")
@_ends(help="Such as 12h or 7d; else until it is ended.")
def person(session: str, name: str, hours: int | None) -> None:
    """Share a session with a person."""
    with connect() as client:
        _say(client.share(session, person=name, hours=hours))


@share.command()
@click.argument("session")
@click.argument("name")
@_ends(help="Such as 12h or 7d; else until it is ended.")
def team(session: str, name: str, hours: int | None) -> None:
    """Share a session with the members of a team."""
    with connect() as client:
        _say(client.share(session, team=name, hours=hours))


@share.command()
@click.argument("session")
@_ends(default="7d", show_default=True, help="Such as 12h or 7d.")
def link(session: str, hours: int) -> None:
    """Make a link for whoever can sign in, and print it: it is shown only now."""
    with connect() as client:
        made = client.share(session, hours=hours)
        address = f"{client.url}/sessions/{client.session(session)['id']}#link={made['secret']}"
    click.echo(address)
    _say(made)


@share.command("end")
@click.argument("session")
@click.argument("number", metavar="ID", type=int)
def end(session: str, number: int) -> None:
    """End a share: whoever looks by it stops looking."""
    with connect() as client:
        client.end_share(session, number)
    note(f"ended share {number}")


def _say(made: Share) -> None:
    note(f"share {made['id']} with {_with(made)}, until {_until(made)}")
    if made["problem"]:
        note(made["problem"])


def _with(one: Share) -> str:
    if one["person"]:
        return one["person"]
    return f"team {one['team']}" if one["team"] else "a link"


def _until(one: Share) -> str:
    return local_time(one["expires_at"]) if one["expires_at"] else "it is ended"
