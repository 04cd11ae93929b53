"""The ``fleetscope-agent`` command."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TypeAlias

from agent.config import DEFAULT_POLICY, DEFAULT_STATE, AgentPaths
from proto import log_lines


class Failed(Exception):
    """What the person at the terminal needs to know, in one line."""


def main(arguments: list[str] | None = None) -> int:
    parsed = _parser().parse_args(arguments)
    log_lines.to_stderr("agent")
    if os.geteuid() != 0:
        return _fail(f"`fleetscope-agent {parsed.command}` needs root; run it with sudo")
    try:
        parsed.handler(parsed)
    except Failed as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return 130
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"fleetscope-agent: {log_lines.plain(message)}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fleetscope-agent", description="The Fleetscope agent on this host.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state", type=Path, default=DEFAULT_STATE, metavar="DIR", help="default: %(default)s")
    for add in (_add_join, _add_run, _add_status, _add_switch, _add_audit, _add_witness):
        add(commands, common)
    return parser


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add_join(commands: Commands, common: argparse.ArgumentParser) -> None:
    join = commands.add_parser("join", parents=[common], help="make this host a member of a fleet")
    join.add_argument("server", help="address of the server's gRPC port: HOST:PORT or https://HOST:PORT")
    join.add_argument("--token", required=True, help="from the Hosts page or `fleetscope hosts token`")
    join.add_argument("--ca-hash", metavar="sha256:HEX", help="overrides the one in the token")
    join.add_argument("--name", help="the name the fleet knows this host by; default: its host name")
    join.add_argument("--label", action="append", default=[], metavar="KEY=VALUE")
    join.set_defaults(handler=_join)


def _add_run(commands: Commands, common: argparse.ArgumentParser) -> None:
    run = commands.add_parser("run", parents=[common], help="run the agent in the foreground")
    run.add_argument("--policy", type=Path, default=DEFAULT_POLICY, metavar="FILE", help="default: %(default)s")
    run.add_argument("--lifeline", action="store_true", help="end orderly when stdin ends")
    run.add_argument(
        "--supervisor",
        type=int,
        default=0,
        metavar="PID",
        help="who started this agent: neither it nor what it starts, like the server, is shown in sessions",
    )
    run.set_defaults(handler=_run)


def _add_status(commands: Commands, common: argparse.ArgumentParser) -> None:
    status = commands.add_parser("status", parents=[common], help="show who is tracing here now")
    status.add_argument("--output", choices=["table", "json"], default="table")
    status.set_defaults(handler=_status)


def _add_switch(commands: Commands, common: argparse.ArgumentParser) -> None:
    off = commands.add_parser("off", parents=[common], help="end every run on this host and refuse new ones")
    off.add_argument("--reason", default="", help="shown to people whose starts are refused")
    off.set_defaults(handler=_off)
    on = commands.add_parser("on", parents=[common], help="allow tracing again")
    on.set_defaults(handler=_on)


def _add_audit(commands: Commands, common: argparse.ArgumentParser) -> None:
    audit = commands.add_parser("audit", parents=[common], help="check and print this host's own record of decisions")
    audit.set_defaults(handler=_audit)


def _add_witness(commands: Commands, common: argparse.ArgumentParser) -> None:
    witness = commands.add_parser("witness", help="what this host holds of the server's audit")
    acts = witness.add_subparsers(required=True, metavar="COMMAND")
    show = acts.add_parser("show", parents=[common], help="print the signed head that this host holds")
    show.set_defaults(handler=_witness)
    anew = acts.add_parser("re-anchor", parents=[common], help="let go of it, after the server's audit was restored")
    anew.add_argument("--reason", required=True, help="stands in this host's own record")
    anew.set_defaults(handler=_re_anchor)


# Imported where they are used: the daemon must not carry what only `join` needs.


def _join(parsed: argparse.Namespace) -> None:
    from agent.link.enrol import Enrolment, JoinError, enrol

    try:
        enrolment = Enrolment.parse(parsed.server, parsed.token, parsed.ca_hash, parsed.name, parsed.label)
        name = enrol(enrolment, AgentPaths(parsed.state, DEFAULT_POLICY))
    except JoinError as error:
        raise Failed(str(error)) from error
    sys.stdout.write(f"joined as {name}; start the agent with: fleetscope-agent run --state {parsed.state}\n")


def _run(parsed: argparse.Namespace) -> None:
    from agent.lean import without_openssl

    without_openssl()
    from agent.identity import IdentityError
    from agent.warden.daemon import AlreadyRunning, Daemon
    from agent.warden.supervisor import SupervisorError, check_supervisor

    try:
        paths = AgentPaths(parsed.state.resolve(), parsed.policy.resolve())
        Daemon(paths, check_supervisor(parsed.supervisor)).run(lifeline=parsed.lifeline)
    except (IdentityError, AlreadyRunning, SupervisorError, OSError) as error:
        raise Failed(str(error)) from error


def _status(parsed: argparse.Namespace) -> None:
    from agent.warden import report

    try:
        sys.stdout.write(report.status(AgentPaths(parsed.state, DEFAULT_POLICY), parsed.output))
    except OSError as error:
        raise Failed(f"no agent runs with {parsed.state} ({error.strerror}); start it or give --state DIR") from error


def _off(parsed: argparse.Namespace) -> None:
    from agent.clock import wall_ns
    from agent.warden.power import Switch, switch_off

    by = os.environ.get("SUDO_USER") or "root"
    try:
        switch_off(AgentPaths(parsed.state, DEFAULT_POLICY).switch, Switch(by, parsed.reason, wall_ns()))
    except OSError as error:
        raise Failed(f"{error.filename}: {error.strerror}; is --state right?") from error
    sys.stdout.write("tracing is off on this host: runs end now and new ones are refused\n")


def _on(parsed: argparse.Namespace) -> None:
    from agent.warden.power import switch_on

    was_off = switch_on(AgentPaths(parsed.state, DEFAULT_POLICY).switch)
    sys.stdout.write("tracing is allowed on this host again\n" if was_off else "tracing was not switched off here\n")


def _audit(parsed: argparse.Namespace) -> None:
    import json

    from agent.warden.audit import AuditError, read

    try:
        for entry in read(AgentPaths(parsed.state, DEFAULT_POLICY).audit):
            sys.stdout.write(json.dumps(entry) + "\n")
    except AuditError as error:
        raise Failed(str(error)) from error


def _witness(parsed: argparse.Namespace) -> None:
    from agent.warden.witness import load

    held = load(AgentPaths(parsed.state, DEFAULT_POLICY).witness)
    if held.trouble:
        sys.stderr.write(f"{held.trouble}\n")
    if not held.note:
        raise Failed("this host holds no head of the server's audit; it takes the first one that it is given")
    sys.stdout.write(held.note)


def _re_anchor(parsed: argparse.Namespace) -> None:
    from agent.warden.witness import Anchoring, ask_to_re_anchor

    by = os.environ.get("SUDO_USER") or "root"
    try:
        ask_to_re_anchor(AgentPaths(parsed.state, DEFAULT_POLICY), Anchoring(by, parsed.reason))
    except OSError as error:
        raise Failed(f"{error.filename}: {error.strerror}; is --state right?") from error
    sys.stdout.write("the agent lets go of the head it holds and takes the next one that the server gives it\n")


if __name__ == "__main__":
    sys.exit(main())
