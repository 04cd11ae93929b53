"""watch SESSION."""

import click

from fleetscope.cli.ending import failure, report
from fleetscope.cli.follow import Form, follow, stdout_is_gone
from fleetscope.cli.output import complain, note, output_option
from fleetscope.cli.raw import check_output, direction_option
from fleetscope.client import connect


@click.command()
@click.argument("session")
@output_option("ndjson", "raw")
@direction_option()
def watch(session: str, output: str, direction: str | None) -> int:
    """Print all rows of a session from its beginning, then live ones until it ends.

    Leaving with Ctrl-C does not stop the session.
    """
    check_output(output, direction)
    with connect() as client:
        found = client.session(session)
        note(f"session {found['id']} {found['tool']} on {', '.join(found['hosts'])}: {found['state']}")
        try:
            follow(client, found, Form(output, direction))
        except BrokenPipeError:
            stdout_is_gone()
            return 141
        ended = client.session(found["id"])
    report(ended)
    wrong = failure(ended)
    if wrong:
        complain(wrong)
    return 1 if wrong else 0
