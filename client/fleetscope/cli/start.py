"""start TOOL."""

from collections.abc import Callable
from typing import Any

import click

from fleetscope.cli.completion import complete_host, complete_param, complete_tool
from fleetscope.cli.ending import failure, report
from fleetscope.cli.filters import filter_options, filters_of
from fleetscope.cli.follow import Form, follow, stdout_is_gone
from fleetscope.cli.interrupt import ask_to_stop, stopping_on_signals
from fleetscope.cli.output import complain, note, output_option, print_json
from fleetscope.cli.raw import SeveralHosts, check_output, check_tool, direction_option
from fleetscope.cli.requests import ask, key_option
from fleetscope.client import Client, connect
from fleetscope.models import Limits, Request, Session, Template
from fleetscope.quantities import budget_permille, duration_ms, size_bytes


def _checked(parse: Callable[[str], int]) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    def callback(context: click.Context, option: click.Parameter, text: str | None) -> int | None:
        try:
            return None if text is None else parse(text)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx=context, param=option) from error

    return callback


def _pairs(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not name or not separator:
            raise click.BadParameter(f"{name!r} is not NAME=VALUE", ctx=context, param=option)
        if name in pairs:
            raise click.BadParameter(f"{name} is given twice; give it once", ctx=context, param=option)
        pairs[name] = value
    return pairs


@click.command()
@click.argument("tool", shell_complete=complete_tool)
@click.option(
    "--host",
    "hosts",
    shell_complete=complete_host,
    multiple=True,
    metavar="NAME",
    help="Trace here; repeat for more. One host: optional.",
)
@click.option("--label", "labels", multiple=True, metavar="K=V", callback=_pairs, help="Trace all hosts labelled so.")
@click.option(
    "--param",
    "params",
    shell_complete=complete_param,
    multiple=True,
    metavar="NAME=VALUE",
    callback=_pairs,
    help="See: fleetscope tools TOOL.",
)
@click.option("--where", "conditions", multiple=True, metavar="TEXT", help="Only where: 'len > 4096'; repeat for and.")
@click.option("--string", "strings", multiple=True, metavar="FIELD", help="Read the string that FIELD points to.")
@filter_options
@click.option("--duration", callback=_checked(duration_ms), metavar="TIME", help="Stop after, such as 10s or 1m30s.")
@click.option("--rows", type=click.IntRange(1), metavar="N", help="Stop after so many rows.")
@click.option("--bytes", "byte_limit", callback=_checked(size_bytes), metavar="SIZE", help="Stop after so many bytes.")
@click.option("--rate", type=click.IntRange(1), metavar="N", help="At most so many events a second; counts the rest.")
@click.option("--budget", callback=_checked(budget_permille), metavar="N%", help="Stop above this share of host CPU.")
@click.option("--buffer", callback=_checked(size_bytes), metavar="SIZE", help="For rows not read yet, such as 64MiB.")
@click.option("--team", default="", metavar="NAME", help="Owns the session; needed by who starts for several teams.")
@click.option("--reason", default="", metavar="TEXT", help="Why; stands in the audit.")
@click.option("--reveal", is_flag=True, help="Rows as they are, secrets included; S3, where the host allows it.")
@click.option("--request", "wants", is_flag=True, help="Ask others to agree first; then: fleetscope requests.")
@click.option("--minutes", type=click.IntRange(1), default=480, show_default=True, help="How long a request holds.")
@click.option("--break-glass", is_flag=True, help="A request that nobody agrees to before, and somebody reviews after.")
@key_option
@click.option("--keep", metavar="NAME", help="Start nothing: keep it as a template, for a webhook or a schedule.")
@click.option("--schedule", default="", metavar="CRON", help="With --keep: five fields, in UTC, such as '0 6 * * 1-5'.")
@click.option("--detach", is_flag=True, help="Print the session's id and leave it running.")
@output_option("ndjson", "raw")
@direction_option()
def start(tool: str, *, output: str, direction: str | None, detach: bool, **options: Any) -> int:
    """Start a session, print its rows as they arrive, and its ledger when it has ended.

    Ctrl-C stops the session.
    """
    check_output(output, direction)
    with connect() as client:
        if output == "raw":
            check_tool(client, tool, direction)
        if options["keep"] or options["schedule"]:
            return _keep(client, tool, output, options)
        if options["wants"] or options["break_glass"]:
            return _request(client, tool, output, options)
        session = client.start(tool, **_order(options))
        if detach:
            return _print_id(session, output)
        note(f"session {session['id']} {tool} on {', '.join(session['hosts'])}: {client.url}/sessions/{session['id']}")
        return _follow_to_end(client, session, Form(output, direction))


def _request(client: Client, tool: str, output: str, options: dict[str, Any]) -> int:
    held = {"minutes": options["minutes"], "break_glass": options["break_glass"]}
    made = ask(client, {"tool": tool, **_order(options), **held}, options["key"])
    return _print_id(made, output, "request")


def _keep(client: Client, tool: str, output: str, options: dict[str, Any]) -> int:
    if not options["keep"]:
        raise click.UsageError("--schedule is for a template: give it a name with --keep NAME")
    made = client.keep_template(options["keep"], {"tool": tool, **_order(options)}, options["schedule"])
    note(f"kept {made['name']}; for a webhook: fleetscope templates token {made['name']!r}")
    return _print_id(made, output, "template")


def _order(options: dict[str, Any]) -> dict[str, Any]:
    filters = filters_of(options)
    limits: Limits = _given(
        options,
        duration_ms="duration", rows="rows", bytes="byte_limit", events_per_second="rate", budget_permille="budget",
        buffer_bytes="buffer",
    )  # fmt: skip
    return {
        "hosts": options["hosts"],
        "labels": options["labels"],
        "params": _params(options),
        "filters": filters,
        "limits": limits,
        "reason": options["reason"],
        "reveal": options["reveal"],
        "team": options["team"],
    }


def _params(options: dict[str, Any]) -> dict[str, str]:
    """With what has an option of its own because it is written often."""
    given = {"where": " and ".join(options["conditions"]), "strings": ",".join(options["strings"])}
    return {**options["params"], **{name: text for name, text in given.items() if text}}


def _given(options: dict[str, Any], **names: str) -> Any:
    return {name: options[option] for name, option in names.items() if options[option] is not None}


def _print_id(made: Session | Request | Template, output: str, what: str = "session") -> int:
    if output == "table":
        click.echo(made["id"])
    else:
        print_json({what: made["id"]})
    return 0


def _follow_to_end(client: Client, session: Session, form: Form) -> int:
    with stopping_on_signals(session["id"]) as interrupt:
        try:
            follow(client, session, form)
        except SeveralHosts:
            ask_to_stop(session["id"])
            raise
        except BrokenPipeError:
            stdout_is_gone()
            note(f"nobody reads any more: stopping session {session['id'][:8]}")
            ask_to_stop(session["id"])
            return 141
        ended = client.session(session["id"])
    report(ended)
    wrong = failure(ended)
    if wrong:
        complain(wrong)
    if interrupt.signal is not None:
        return 128 + interrupt.signal
    return 1 if wrong else 0
