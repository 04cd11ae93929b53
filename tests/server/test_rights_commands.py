from __future__ import annotations

from pathlib import Path

from tests.server.processes import Server


def test_teams_and_grants_from_the_console(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.command("migrate")
    server.command("user", "add", "ann", "--role", "none", text="correct horse battery\n")
    assert server.command("user", "list").stdout == "ann\tnone\tactive\n"
    for words in (["add", "web"], ["join", "web", "ann"], ["rename", "web", "www"]):
        assert server.command("team", *words).returncode == 0
    assert server.command("team", "list").stdout == "default\t\nwww\tann\n"
    given = ["--members", "www", "--team", "www", "--label", "env=dev", "--risk", "s1", "--duration", "5m"]
    number = server.command("grant", "add", "tracer", *given, "--budget", "2.5%", "--hosts", "3").stdout.strip()
    assert server.command("grant", "list").stdout == (
        f"{number}\tmembers of www\ttracer\twww\tenv=dev\tS1\t300 s, 2.5% CPU, 3 hosts\n"
    )
    glass = server.command("grant", "add", "tracer", "--person", "ann", "--every-team", "--break-glass")
    assert "tracer, may break the glass" in server.command("grant", "list").stdout
    assert server.command("grant", "remove", glass.stdout.strip()).returncode == 0
    refused = server.command("grant", "add", "viewer", "--person", "ann", "--every-team", "--break-glass")
    assert (refused.returncode, "which no viewer does" in refused.stderr) == (1, True)
    wrong = server.command("grant", "add", "tracer", "--person", "ann", "--every-team", "--duration", "soon")
    assert (wrong.returncode, "'soon' is no duration" in wrong.stderr) == (1, True)
    assert server.command("grant", "remove", number).returncode == 0
    assert server.command("team", "leave", "www", "ann").returncode == 0
    assert server.command("team", "remove", "www").returncode == 0
    assert server.command("team", "list").stdout == "default\t\n"
