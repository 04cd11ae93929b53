"""`python -m server COMMAND`: the server's processes, and what an admin does on the machine itself."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

# Not a default: tests run this command with settings of their own in the environment.
os.environ["DJANGO_SETTINGS_MODULE"] = "server.settings"

ROLES = ("viewer", "tracer", "approver", "auditor", "admin")


def main() -> int:
    arguments = _parser().parse_args()
    from server import commands, rights_commands  # need Django, whose settings may complain about the environment

    module = rights_commands if hasattr(rights_commands, arguments.run) else commands
    run: Callable[[argparse.Namespace], int] = getattr(module, arguments.run)
    return run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server", description="The Fleetscope server.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, text in (
        ("run", "migrate, then web and ingest in one process"),
        ("web", "the browser's and the command's side alone"),
        ("ingest", "the hosts' side alone"),
        ("migrate", "bring the database to this version"),
        ("onetime", "print a new one-time admin password, unless an admin has an own one"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=name)
    token = commands.add_parser("token", help="print a new API token")
    token.add_argument("user")
    token.add_argument("--name", default="fleetscope command")
    token.add_argument(
        "--scope", choices=["read", "trace", "people", "all"], default="all", help="how much of what they may"
    )
    token.add_argument("--risk", choices=["s0", "s1", "s2", "s3"], default="s3", help="highest class it reaches")
    token.set_defaults(run="token")
    _add_user(commands.add_parser("user", help="accounts"))
    _add_team(commands.add_parser("team", help="teams and their members"))
    _add_grant(commands.add_parser("grant", help="who may do what, where and how far"))
    _add_storage(commands.add_parser("storage", help="what the store holds and may hold"))
    _add_ca(commands.add_parser("ca", help="the authority that signs hosts' certificates"))
    _add_audit(commands.add_parser("audit", help="who did what, and whether that record is whole"))
    return parser


def _add_audit(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    verify = commands.add_parser("verify", help="check every entry; names the first bad one")
    verify.add_argument("file", type=Path, nargs="?", help="an exported log instead of the database")
    noted = "a signed head that was kept elsewhere, such as by a host; may be repeated"
    verify.add_argument("--noted", type=Path, metavar="FILE", action="append", default=[], help=noted)
    verify.set_defaults(run="audit_verify")
    witnesses = commands.add_parser("witnesses", help="which signed head each host holds, and whether it agrees")
    witnesses.set_defaults(run="audit_witnesses")
    crosscheck = commands.add_parser("crosscheck", help="compare with a host's own record, start by start")
    crosscheck.add_argument("host")
    crosscheck.add_argument("log", type=Path, help="what `fleetscope-agent audit` printed on that host")
    crosscheck.set_defaults(run="audit_crosscheck")
    export = commands.add_parser("export", help="the whole log as a file that can be checked anywhere")
    export.add_argument("file", type=Path)
    export.add_argument("--pack", action="store_true", help="one HTML file that shows and checks itself in a browser")
    export.set_defaults(run="audit_export")


def _add_ca(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("show", help="its fingerprint, and which hosts do not follow yet").set_defaults(run="ca_show")
    commands.add_parser("rotate", help="begin to replace it; connected hosts follow").set_defaults(run="ca_rotate")
    finish = commands.add_parser("finish", help="forget the old one, once every host has followed")
    finish.add_argument("--without", metavar="HOST", action="append", default=[], help="leave this host behind")
    finish.set_defaults(run="ca_finish")


def _add_user(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="a new account; the password is read from standard input")
    add.add_argument("username")
    add.add_argument("--role", choices=[*ROLES, "none"], default="viewer")
    add.set_defaults(run="user_add")
    password = commands.add_parser("password", help="set a password, read from standard input")
    password.add_argument("username")
    password.set_defaults(run="user_password")
    rename = commands.add_parser("rename", help="give an account another name")
    rename.add_argument("username")
    rename.add_argument("new")
    rename.set_defaults(run="user_rename")
    reset = commands.add_parser("reset", help="take the second factors from somebody who lost them")
    reset.add_argument("username")
    reset.set_defaults(run="user_reset")
    commands.add_parser("list", help="every account").set_defaults(run="user_list")


def _add_team(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="every team and its members").set_defaults(run="team_list")
    for name, other, text in (
        ("add", "", "a new team"),
        ("remove", "", "a team that owns no sessions, with what is granted to it and there"),
        ("rename", "new", "give a team another name"),
        ("join", "username", "make somebody a member, to whom goes what the team holds"),
        ("leave", "username", "end a membership"),
    ):
        change = commands.add_parser(name, help=text)
        change.add_argument("team")
        if other:
            change.add_argument(other)
        change.set_defaults(run=f"team_{name}")


def _add_grant(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="every grant and its number").set_defaults(run="grant_list")
    add = commands.add_parser("add", help="give a role")
    add.add_argument("role", choices=ROLES)
    holder = add.add_mutually_exclusive_group(required=True)
    holder.add_argument("--person", default="", metavar="NAME")
    holder.add_argument("--members", default="", metavar="TEAM", help="everybody in this team")
    where = add.add_mutually_exclusive_group(required=True)
    where.add_argument("--team", default="", help="whose sessions")
    where.add_argument("--every-team", action="store_true")
    add.add_argument("--host", action="append", default=[], dest="hosts", metavar="NAME", help="only these; repeatable")
    add.add_argument(
        "--label", action="append", default=[], dest="labels", metavar="KEY=VALUE", help="only hosts with it"
    )
    add.add_argument("--risk", choices=["s0", "s1", "s2", "s3"], default="s2", help="highest class")
    add.add_argument("--duration", default="", metavar="5m", help="longest session")
    add.add_argument("--rows", type=int, help="most rows")
    add.add_argument("--budget", default="", metavar="3%%", help="highest share of a host's CPU")
    add.add_argument("--hosts", type=int, dest="max_hosts", metavar="N", help="most hosts of one session")
    glass = "a tracer may start what needs the agreement of others without it, to be reviewed afterwards"
    add.add_argument("--break-glass", action="store_true", help=glass)
    add.set_defaults(run="grant_add")
    remove = commands.add_parser("remove", help="take a grant away")
    remove.add_argument("number", type=int)
    remove.set_defaults(run="grant_remove")


def _add_storage(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("show", help="used, free, and the bounds").set_defaults(run="storage_show")
    change = commands.add_parser("set", help="change bounds; none takes one away")
    change.add_argument("--quota", metavar="50GB", help="no start when it is nearly used up, a stop when it is")
    change.add_argument("--keep", metavar="40GB", help="beyond it the oldest ended sessions are deleted")
    change.add_argument("--days", metavar="30", help="ended sessions are deleted after so many days")
    span = "hours that sessions of a risk class are kept at least and at most; S3=0:none for no end; may be repeated"
    change.add_argument("--class", dest="classes", metavar="S3=0:72", action="append", default=[], help=span)
    change.set_defaults(run="storage_set")
    commands.add_parser("sweep", help="delete now what is over the bounds").set_defaults(run="storage_sweep")


if __name__ == "__main__":
    sys.exit(main())
