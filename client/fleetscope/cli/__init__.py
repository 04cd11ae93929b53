"""The `fleetscope` command. Rows and answers go to stdout, everything about them to stderr.

Exit codes: 0 done as asked, 1 refused or ended for another reason than asked, 2 wrong usage, 130 interrupted,
141 the reader of stdout went away.
"""

import sys
from collections.abc import Sequence

import click

from fleetscope.cli.accounts import login, logout, password, users
from fleetscope.cli.complete import complete
from fleetscope.cli.completion import completion
from fleetscope.cli.export import export
from fleetscope.cli.hosts import hosts
from fleetscope.cli.open import open_rows
from fleetscope.cli.output import complain
from fleetscope.cli.program import program
from fleetscope.cli.requests import requests
from fleetscope.cli.sessions import sessions, stop
from fleetscope.cli.share import share
from fleetscope.cli.sign_ins import sign_ins
from fleetscope.cli.start import start
from fleetscope.cli.templates import templates
from fleetscope.cli.tokens import tokens
from fleetscope.cli.tools import tools
from fleetscope.cli.watch import watch
from fleetscope.errors import FleetscopeError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def fleetscope() -> None:
    """Trace the hosts of a fleet.

    FLEETSCOPE_URL and FLEETSCOPE_TOKEN override the stored login.
    """


for command in (
    login,
    complete,
    completion,
    logout,
    password,
    sign_ins,
    tokens,
    users,
    hosts,
    tools,
    start,
    watch,
    stop,
    sessions,
    requests,
    open_rows,
    share,
    templates,
    export,
    program,
):
    fleetscope.add_command(command)


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """The exit code. Every error is one line on stderr."""
    try:
        code = fleetscope.main(list(arguments), prog_name="fleetscope", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "", err=True)
        return 2
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "fleetscope"
        complain(f"{error.format_message().rstrip('.')}; see {path} --help")
        return 2
    except click.ClickException as error:
        complain(error.format_message())
        return 1
    except FleetscopeError as error:
        complain(str(error))
        return 1
    except click.Abort:
        return 130
