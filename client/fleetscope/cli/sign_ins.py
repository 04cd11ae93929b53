"""sign-ins: browsers that are signed in as you."""

import click

from fleetscope.cli.output import local_time, note, output_option, print_json, print_table
from fleetscope.client import connect


@click.group("sign-ins", invoke_without_command=True)
@click.option("--user", default="", help="Of this person; needs the role admin.")
@output_option()
@click.pass_context
def sign_ins(context: click.Context, user: str, output: str) -> None:
    """List the browsers that are signed in as you, or end them."""
    if context.invoked_subcommand:
        return
    with connect() as client:
        found = client.sign_ins(user)
    if output == "json":
        return print_json(found)
    print_table(
        ["ID", "DEVICE", "ADDRESS", "SINCE", "LAST SEEN"],
        (
            [one["id"], one["device"], one["address"], *map(local_time, (one["since"], one["last_seen"]))]
            for one in found
        ),
        empty="no browser is signed in",
    )


@sign_ins.command("end")
@click.argument("sign_in", metavar="ID", required=False)
@click.option("--all", "everywhere", is_flag=True, help="Every browser.")
@click.option("--user", default="", help="Every browser of this person; needs the role admin.")
def end(sign_in: str | None, user: str, *, everywhere: bool) -> None:
    """Sign out one of your browsers, or all of them."""
    if (sign_in is not None) == (everywhere or bool(user)):
        raise click.UsageError("give the ID of one of your browsers, or --all, or --user NAME")
    with connect() as client:
        ended = client.end_sign_ins(user) if sign_in is None else client.end_sign_in(sign_in)
    note(f"signed out of {ended} browser{'' if ended == 1 else 's'}")
