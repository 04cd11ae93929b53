"""tools [NAME]."""

from typing import Any

import click

from fleetscope.cli.completion import complete_tool
from fleetscope.cli.output import output_option, print_json, print_table, printable
from fleetscope.client import connect


@click.command()
@click.argument("name", required=False, shell_complete=complete_tool)
@output_option()
def tools(name: str | None, output: str) -> None:
    """List what can be traced, or show one tool."""
    with connect() as client:
        found = client.tool(name) if name else client.tools()
    if output == "json":
        print_json(found)
    elif isinstance(found, list):
        _print_list(found)
    else:
        _print_tool(found)


def _print_list(found: list[dict[str, Any]]) -> None:
    rows = ([tool["name"], tool["streams"][0]["kind"], _risk(tool), _works(tool), tool["summary"]] for tool in found)
    print_table(["TOOL", "KIND", "RISK", "WORKS ON", "SUMMARY"], rows, empty="the server has no tools")


def _works(tool: dict[str, Any]) -> str:
    states = [verdict["state"] for verdict in tool.get("verdicts", {}).values()]
    checking = states.count("checking")
    text = f"{sum(state.startswith('works') for state in states)} of {len(states)} hosts"
    return f"{text}, checking {checking}" if checking else text


def _risk(tool: dict[str, Any]) -> str:
    """Columns that are known only at the start may hold anything."""
    risk = str(tool["risk"]).upper()
    dynamic = next((stream["dynamic"] for stream in tool["streams"] if stream.get("dynamic")), "")
    if not dynamic or risk == "S3":
        return risk
    return f"{risk}, S3 with {'strings' if dynamic == 'tracepoint' else 'arguments'}"


def _print_tool(tool: dict[str, Any]) -> None:
    click.echo(printable(f"{tool['name']}: {tool['summary']}"))
    click.echo(printable(f"risk {_risk(tool)}; filters: {', '.join(tool.get('filters', [])) or 'none'}"))
    if tool.get("overhead"):
        click.echo(printable(f"cost: {tool['overhead']}"))
    if tool.get("params"):
        click.echo()
        print_table(["PARAM", "TYPE", "DEFAULT", "MEANING"], map(_param, tool["params"]), empty="")
    for stream in tool["streams"]:
        click.echo()
        rows = ([column["name"], column.get("unit", "-"), column.get("help", "")] for column in stream["columns"])
        print_table([f"COLUMN OF {stream['name'].upper()}", "UNIT", "MEANING"], rows, empty="")
    if tool.get("verdicts"):
        click.echo()
        verdicts = sorted(tool["verdicts"].items())
        rows = ([host, verdict["state"].replace("_", " "), verdict["reason"]] for host, verdict in verdicts)
        print_table(["HOST", "VERDICT", "REASON"], rows, empty="")


def _param(param: dict[str, Any]) -> list[object]:
    default = "required" if param.get("required") else param.get("default") or "-"
    kind = "|".join(param["choices"]) if param.get("choices") else param["type"]
    return [param["name"], kind, default, param.get("help", "")]
