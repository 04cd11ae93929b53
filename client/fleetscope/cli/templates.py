"""templates: orders that are kept for a webhook or a schedule to start. `fleetscope start --keep` keeps one."""

import click

from fleetscope.cli.output import local_time, note, output_option, print_json, print_table
from fleetscope.client import Client, connect
from fleetscope.models import Template


@click.group()
def templates() -> None:
    """List, call and remove what webhooks and schedules start as you; keep one with: fleetscope start TOOL --keep."""


@templates.command("list")
@output_option()
def listed(output: str) -> None:
    """List your templates and what came of each."""
    with connect() as client:
        found = client.templates()
    if output == "json":
        return print_json(found)
    print_table(
        ["NAME", "TOOL", "WHERE", "CLASS", "SCHEDULE", "NEXT", "TOKEN", "LAST"],
        (_row(one) for one in found),
        empty="you keep no templates; run: fleetscope start TOOL --keep NAME",
    )


@templates.command()
@click.argument("name")
@output_option()
def token(name: str, output: str) -> None:
    """Make a token with which a webhook starts it, and print the call: it is shown only now."""
    with connect() as client:
        made = client.template_token(_named(client, name)["id"])
    if output == "json":
        return print_json(made)
    headers = f"-H 'Authorization: Bearer {made['token']}' -H 'Content-Type: application/json'"
    click.echo(f"curl -X POST {headers} -d '{{}}' {made['url']}")


@templates.command("end-token")
@click.argument("name")
def end_token(name: str) -> None:
    """End its token: no webhook starts it any more."""
    with connect() as client:
        client.end_template_token(_named(client, name)["id"])
    note(f"ended the token of {name}")


@templates.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a template; sessions that it started stay."""
    with connect() as client:
        client.remove_template(_named(client, name)["id"])
    note(f"removed {name}")


def _named(client: Client, name: str) -> Template:
    for one in client.templates():
        if name in (one["name"], one["id"]):
            return one
    raise click.ClickException(f"you keep no template {name!r}; see: fleetscope templates list")


def _row(one: Template) -> list[object]:
    labels = [f"{key}={value}" for key, value in one["labels"].items()]
    last = " ".join(filter(None, [one["last_outcome"], (one["last_session"] or "")[:8], one["last_message"]]))
    return [
        one["name"],
        one["tool"],
        " ".join([*one["hosts"], *labels]),
        one["risk"].upper(),
        one["schedule"],
        local_time(one["next_at"]) if one["next_at"] else "",
        f"since {local_time(one['token_at'])}" if one["token_at"] else "",
        last,
    ]
