"""login, logout, password, users."""

import getpass
import platform
import sys
import warnings
from collections.abc import Callable
from functools import partial

import click

from fleetscope import config
from fleetscope.cli.output import note, output_option, print_json, print_table
from fleetscope.client import Client, connect
from fleetscope.errors import FleetscopeError, Refused
from fleetscope.models import ScopeName


@click.command()
@click.argument("url", required=False)
@click.option("--user", default="admin", show_default=True, help="Who you are there.")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it lasts.")
@click.option(
    "--scope",
    type=click.Choice(["read", "trace", "people", "all"]),
    default="all",
    show_default=True,
    help="What it may.",
)
@click.option("--risk", type=click.Choice(["s0", "s1", "s2", "s3"]), default="s3", show_default=True, help="Up to it.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin instead of asking.")
def login(url: str | None, user: str, days: int, scope: ScopeName, risk: str, *, password_stdin: bool) -> None:
    """Sign in to a server and keep the token. With --password-stdin a second factor's code is the second line.

    Of what you may, --scope read changes nothing, trace also starts and stops sessions; both up to the class --risk.
    The scope people makes people and grants, which all does not, and lasts one day: --days 1.
    """
    address = config.normal_url(url) if url else config.current_url()
    secret = _password(f"Password of {user} on {address}", from_stdin=password_stdin)
    ask = partial(Client.sign_in, name=f"fleetscope on {platform.node()}", days=days, scope=scope, risk=risk)
    with Client(address, None) as client:
        token = _sign_in(partial(ask, client, user, secret), from_stdin=password_stdin)
    path = config.store_login(address, token)
    note(f"signed in to {address} as {user}; token kept in {path}")


def _sign_in(ask: Callable[..., str], *, from_stdin: bool) -> str:
    try:
        return ask()
    except Refused as error:
        if error.code != "factor":
            raise
        code = _password("Code of your authenticator app, or a recovery code", from_stdin=from_stdin)
        return ask(code=code)


@click.command()
def logout() -> None:
    """Sign out: end the stored token and forget it."""
    url = config.current_url()
    token = config.token_for(url)
    with connect(url, token) as client:
        client.sign_out()
    config.forget_login(url, token)
    note(f"signed out of {url}")


@click.command()
@click.option("--password-stdin", is_flag=True, help="Read the current and the new password from two lines of stdin.")
def password(*, password_stdin: bool) -> None:
    """Set your own password."""
    with connect() as client:
        me = client.me()
        current = "" if me["one_time"] else _password("Current password", from_stdin=password_stdin)
        client.set_password(_password("New password", from_stdin=password_stdin, confirm=True), current)
    note(f"password of {me['username']} set")


@click.group(invoke_without_command=True)
@output_option()
@click.pass_context
def users(context: click.Context, output: str) -> None:
    """List users, or add one."""
    if context.invoked_subcommand:
        return
    with connect() as client:
        found = client.users()
    if output == "json":
        return print_json(found)
    print_table(
        ["USER", "ROLE", "ACTIVE"],
        ([user["username"], user["role"], "yes" if user["active"] else "no"] for user in found),
        empty="no users",
    )


@users.command("add")
@click.argument("username")
@click.option("--role", type=click.Choice(["viewer", "tracer", "admin"]), default="viewer", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin instead of asking.")
def add_user(username: str, role: str, *, password_stdin: bool) -> None:
    """Add a user. FLEETSCOPE_TOKEN has to be a token of the scope people, which login keeps too if it is asked for."""
    with connect() as client:
        secret = _password(f"Password for {username}", from_stdin=password_stdin, confirm=True)
        client.add_user(username, role, secret)
    note(f"added {username} as {role}")


def _password(prompt: str, *, from_stdin: bool, confirm: bool = False) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    with warnings.catch_warnings():
        # Python would go on and show the password while it is typed.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return str(click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True))
        except getpass.GetPassWarning as error:
            raise FleetscopeError("there is no terminal to ask for the password; use --password-stdin") from error
