"""hosts, hosts token."""

import click

from fleetscope.cli.output import local_time, note, output_option, print_json, print_table
from fleetscope.client import connect
from fleetscope.models import Host


@click.group(invoke_without_command=True)
@output_option()
@click.pass_context
def hosts(context: click.Context, output: str) -> None:
    """List the hosts of the fleet."""
    if context.invoked_subcommand:
        return
    with connect() as client:
        found = client.hosts()
    if output == "json":
        return print_json(found)
    print_table(
        ["HOST", "STATE", "LAST SEEN", "KERNEL", "LABELS", "TOOLS", "RUNS"],
        (_row(host) for host in found),
        empty="no host has joined yet; run: fleetscope hosts token",
    )


@hosts.command("token")
@click.option("--host", default="", metavar="NAME", help="Let the host of this name join, and no other.")
@output_option()
def token(host: str, output: str) -> None:
    """Print a command that joins one host, once."""
    with connect() as client:
        made = client.join_token(host)
    if output == "json":
        return print_json(made)
    note(f"run this on the new host as root, once, before {local_time(made['expires_at'])}:")
    click.echo(made["command"])


def _state(host: Host) -> str:
    if host["switched_off"]:
        return "switched off"
    if host["audit_trouble"] and host["state"] != "revoked":
        return "refuses the audit"
    return "off on the host" if host["remote_off"] and host["state"] == "online" else host["state"]


def _row(host: Host) -> list[object]:
    verdicts = host["verdicts"].values()
    works = sum(verdict["state"].startswith("works") for verdict in verdicts)
    return [
        host["name"],
        _state(host),
        local_time(host["last_seen"]),
        host["facts"].get("kernel_release", "-"),
        " ".join(f"{key}={value}" for key, value in sorted(host["labels"].items())) or "-",
        f"{works} of {len(verdicts)}",
        host["live_runs"],
    ]
