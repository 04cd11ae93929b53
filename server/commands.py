"""What the subcommands of `python -m server` do. Every one returns the exit status."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import functools
import getpass
import logging
import sys
from collections.abc import Callable

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError

from bpf.manifest import ManifestError
from server import keys
from server.env import EnvError
from server.errors import ApiError, Conflict
from server.keys import KeysMissing

log = logging.getLogger("server")
Command = Callable[[argparse.Namespace], int]


# The action that each command is, as the policy knows it; "" for what only runs the server.
NEEDS = {
    "run": "",
    "web": "",
    "ingest": "",
    "migrate": "",
    "onetime": "user.change",
    "token": "user.change",
    "user_add": "user.change",
    "user_password": "user.change",
    "user_rename": "user.change",
    "user_reset": "user.change",
    "user_list": "user.view",
    "team_list": "team.view",
    "team_add": "team.add",
    "team_remove": "team.add",
    "team_rename": "team.change",
    "team_join": "team.change",
    "team_leave": "team.change",
    "grant_list": "team.view",
    "grant_add": "grant.change",
    "grant_remove": "grant.change",
    "storage_show": "storage.view",
    "storage_set": "storage.change",
    "storage_sweep": "storage.change",
    "audit_verify": "audit.view",
    "audit_witnesses": "audit.view",
    "audit_crosscheck": "audit.view",
    "audit_export": "audit.view",
    "ca_show": "host.join",
    "ca_rotate": "host.join",
    "ca_finish": "host.join",
}


def command(function: Command) -> Command:
    """Django set up before, the policy asked, and an error that the user can mend told in one line."""
    action = NEEDS[function.__name__.lstrip("_")]  # here, so that no command without one can be imported

    @functools.wraps(function)
    def wrapped(arguments: argparse.Namespace) -> int:
        try:
            _set_up()
            with _on_record(action):
                _ask(action)
                return function(arguments)
        except (EnvError, KeysMissing, ManifestError, DatabaseError, ImproperlyConfigured, OSError, ApiError) as error:
            return _failed(error)

    return wrapped


@command
def run(_: argparse.Namespace) -> int:
    _migrate()
    return _serve(web=True, ingest=True)


@command
def web(_: argparse.Namespace) -> int:
    check_migrated()
    return _serve(web=True, ingest=False)


@command
def ingest(_: argparse.Namespace) -> int:
    check_migrated()
    return _serve(web=False, ingest=True)


@command
def migrate(_: argparse.Namespace) -> int:
    from django.db import connection

    from server.audit import ownership

    application = dict(connection.settings_dict)
    owner = settings.DATABASE_OF_OWNER
    connection.settings_dict.update(owner or {})  # nobody has connected yet
    _migrate()
    if owner:
        ownership.let_in(application["USER"], application["PASSWORD"])
    return 0


@command
def onetime(_: argparse.Namespace) -> int:
    from server.accounts.signin import one_time_password

    check_migrated()
    made = one_time_password()
    if made is not None:
        say(f"{made[0]} {made[1]}")
    return 0


@command
def token(arguments: argparse.Namespace) -> int:
    from server.accounts import people
    from server.accounts.tokens import Reach

    check_migrated()
    reach = Reach.named(arguments.scope, arguments.risk)
    say(people.token_from_console(arguments.user, arguments.name, reach))
    return 0


@command
def user_add(arguments: argparse.Namespace) -> int:
    from server.accounts import people, teams
    from server.accounts.policy import CONSOLE_ACTOR

    check_migrated()
    people.add(CONSOLE_ACTOR.username, arguments.username, _read_password())
    if arguments.role != "none":
        teams.begin(CONSOLE_ACTOR, arguments.username, arguments.role)
    return 0


@command
def user_password(arguments: argparse.Namespace) -> int:
    from server.accounts import people

    check_migrated()
    people.change("server console", arguments.username, active=None, password=_read_password())
    return 0


@command
def user_rename(arguments: argparse.Namespace) -> int:
    """Needs no migrated database: two names may have to differ before it can be."""
    from server.accounts import people

    people.rename("server console", arguments.username, arguments.new)
    return 0


@command
def user_reset(arguments: argparse.Namespace) -> int:
    from server.accounts import factors

    check_migrated()
    factors.reset("server console", arguments.username)
    return 0


@command
def user_list(_: argparse.Namespace) -> int:
    from server.accounts.models import User
    from server.accounts.schemas import overall_role

    check_migrated()
    for user in User.objects.order_by("username"):
        say(f"{user.username}\t{overall_role(user)}\t{'active' if user.is_active else 'inactive'}")
    return 0


@command
def storage_show(_: argparse.Namespace) -> int:
    from server.tracing import storage
    from server.tracing.quantities import bytes_text

    check_migrated()
    found, bounds = storage.stored(), storage.bounds()
    quota, keep = (bytes_text(size) if size else "none" for size in (bounds.quota_bytes, bounds.keep_bytes))
    say(f"used\t{bytes_text(found.used_bytes)} in {found.sessions} sessions")
    say(f"free\t{bytes_text(found.free_bytes)} on the disk")
    say(f"quota\t{quota}\nkeep\t{keep}\ndays\t{bounds.keep_days or 'none'}")
    for name, span in sorted(bounds.classes.items()):
        most = f"{span.at_most} h" if span.at_most else "for ever"
        say(f"{name.upper()}\tat least {span.at_least} h, at most {most}")
    return 0


@command
def storage_set(arguments: argparse.Namespace) -> int:
    from server.tracing import storage
    from server.tracing.keeping import parse_span
    from server.tracing.quantities import parse_bounds

    check_migrated()
    given = {"quota": arguments.quota, "keep": arguments.keep, "days": arguments.days}
    try:
        found = parse_bounds({name: text for name, text in given.items() if text is not None})
        spans = dict(parse_span(text) for text in arguments.classes)
    except ValueError as error:
        raise Conflict(str(error)) from error
    before = storage.bounds()
    wanted = dataclasses.replace(before, **found, classes={**before.classes, **spans})
    storage.change("server console", wanted)
    return storage_show(arguments)


@command
def storage_sweep(_: argparse.Namespace) -> int:
    from django.utils import timezone

    from server.tracing import retention

    check_migrated()
    say(f"{retention.sweep(timezone.now())} sessions deleted")
    return 0


def audit_verify(arguments: argparse.Namespace) -> int:
    """A file is checked without this server's settings and database."""
    from server.audit import commands

    if arguments.file is None:
        return _audit_verify(arguments)
    try:
        say(commands.verify_file(arguments.file, arguments.noted))
    except (OSError, ApiError) as error:
        return _failed(error)
    return 0


@command
def _audit_verify(arguments: argparse.Namespace) -> int:
    from server.audit import commands

    check_migrated()
    say(commands.verify_database(arguments.noted))
    return 0


@command
def audit_witnesses(_: argparse.Namespace) -> int:
    from server.audit import commands
    from server.fleet.models import Host

    check_migrated()
    hosts = Host.objects.filter(revoked_at=None).order_by("name")
    say(commands.witnesses(hosts.values_list("name", "audit_note", "audit_trouble")))
    return 0


@command
def audit_crosscheck(arguments: argparse.Namespace) -> int:
    from server.audit import commands

    check_migrated()
    say(commands.crosscheck(arguments.host, arguments.log))
    return 0


@command
def audit_export(arguments: argparse.Namespace) -> int:
    from server.audit import commands

    check_migrated()
    keys.ensure_web(settings.ENV.keys)
    say(commands.export_all(arguments.file, as_pack=arguments.pack))
    return 0


@command
def ca_show(_: argparse.Namespace) -> int:
    from server.fleet import rotation

    check_migrated()
    say(rotation.described())
    return 0


@command
def ca_rotate(_: argparse.Namespace) -> int:
    from server.fleet import rotation

    check_migrated()
    say(rotation.begin("server console"))
    return 0


@command
def ca_finish(arguments: argparse.Namespace) -> int:
    from server.fleet import rotation

    check_migrated()
    say(rotation.finish("server console", arguments.without))
    return 0


def _on_record(action: str) -> contextlib.AbstractContextManager[None]:
    """What a server that was started here does is not done by who started it."""
    from server.accounts.ways import of_console
    from server.audit.way import coming

    return coming(of_console) if action else contextlib.nullcontext()


def _ask(needed: str) -> None:
    from server.accounts.policy import CONSOLE_ACTOR, Action, require

    if needed:
        require(CONSOLE_ACTOR, Action(needed))


def _set_up() -> None:
    from django.conf import settings

    folder = settings.ENV.data
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    django.setup()


def _serve(*, web: bool, ingest: bool) -> int:
    from server.audit import ownership
    from server.serve import serve

    if ways := ownership.ways_to_alter():
        log.warning(
            "whoever takes over this server could change the audit: its database role %s; "
            "give the tables to another role as docs/how-to/database-owner.md says",
            ", ".join(ways),
        )
    asyncio.run(serve(web=web, ingest=ingest))
    return 0


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def check_migrated() -> None:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Conflict("the database is of another version; run `python -m server migrate` first")


def _read_password() -> str:
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _failed(error: Exception) -> int:
    print(f"fleetscope server: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
    return 1


def say(text: str) -> None:
    print(text)  # noqa: T201
