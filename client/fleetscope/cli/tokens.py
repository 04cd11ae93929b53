"""tokens: what programs sign in with as you."""

from typing import Literal

import click

from fleetscope.cli.output import local_time, note, output_option, print_json, print_table
from fleetscope.client import connect
from fleetscope.models import ApiToken

_TIMES: tuple[Literal["created_at", "last_used_at", "expires_at"], ...] = ("created_at", "last_used_at", "expires_at")
_user = click.option("--user", default="", help="Of this person; needs the role admin.")


@click.group(invoke_without_command=True)
@_user
@output_option()
@click.pass_context
def tokens(context: click.Context, user: str, output: str) -> None:
    """List your API tokens, or end one. `login` makes them, and Settings in the browser."""
    if context.invoked_subcommand:
        return
    with connect() as client:
        found = client.tokens(user)
    if output == "json":
        return print_json(found)
    print_table(
        ["ID", "NAME", "SCOPE", "MADE", "LAST USED", "EXPIRES"],
        (
            [
                one["id"],
                one["name"],
                _scope(one),
                *(local_time(at) for at in (one["created_at"], one["last_used_at"], one["expires_at"])),
            ]
            for one in found
        ),
        empty="no tokens",
    )


@tokens.command("end")
@click.argument("token", metavar="ID", type=int)
@_user
def end(token: int, user: str) -> None:
    """End a token: what uses it is signed out."""
    with connect() as client:
        client.end_token(token, user)
    note(f"ended token {token}")


def _scope(token: ApiToken) -> str:
    return "all" if token["scope"] == "all" else f"{token['scope']} up to {token['risk'].upper()}"
