"""Doors that stand open: in one process, and over real sockets of a process that no nudge reaches."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import websockets

from server.accounts.standing import until_lost, while_standing
from tests.server.processes import Server
from tests.services import free_port

SECONDS = 30
PASSWORD = "quite a long secret"


async def test_equal_doors_share_one_check_and_all_hear_the_reason() -> None:
    reasons, asked = [""], []

    def check() -> str:
        asked.append(1)
        return reasons[0]

    waiting = [asyncio.create_task(until_lost("door", check)) for _ in range(50)]
    async with asyncio.timeout(SECONDS):
        while not asked:
            await asyncio.sleep(0.01)
        assert len(asked) == 1
        reasons[0] = "no more"
        assert await asyncio.gather(*waiting) == ["no more"] * 50


async def test_a_check_that_fails_is_made_again() -> None:
    answers: Iterator[str] = iter(["", "no more"])
    failed: list[bool] = []

    def check() -> str:
        if not failed:
            failed.append(True)
            raise OSError("the database is away")
        return next(answers)

    async with asyncio.timeout(SECONDS):
        assert await until_lost("door", check) == "no more"


async def test_chunks_end_with_the_door_even_while_none_comes() -> None:
    shut, closed = asyncio.Event(), asyncio.Event()

    async def chunks() -> AsyncGenerator[bytes]:
        try:
            yield b"first"
            shut.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    async with asyncio.timeout(SECONDS):
        seen = [chunk async for chunk in while_standing(chunks(), "door", lambda: "out" if shut.is_set() else "")]
    assert (seen, closed.is_set()) == ([b"first"], True)


async def test_chunks_that_end_are_all_given() -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        for number in range(100):
            yield bytes([number])

    assert len([chunk async for chunk in while_standing(chunks(), "door", str)]) == 100


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Server, Server, str]]:
    """Two processes on one database, no channel layer between them: every nudge is lost. And a token of admin."""
    first = Server(tmp_path)
    second = Server(tmp_path, {}, free_port(), first.grpc)
    with first.running():
        first.wait_healthy()
        with second.running("web"):
            second.wait_healthy()
            assert first.command("onetime").returncode == 0
            yield first, second, first.command("token", "admin").stdout.strip()


def browser(server: Server) -> httpx.Client:
    """Ann's, signed in."""
    client = httpx.Client(base_url=f"http://localhost:{server.http}", timeout=SECONDS)
    answer = client.post("/api/auth/login", json={"username": "ann", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client


def admin(server: Server, token: str, verb: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.request(verb, f"http://localhost:{server.http}{path}", headers=headers, timeout=SECONDS)
    assert answer.is_success, answer.text


@asynccontextmanager
async def fleet_socket(server: Server, client: httpx.Client) -> AsyncGenerator[websockets.ClientConnection]:
    home = f"localhost:{server.http}"
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    async with websockets.connect(
        f"ws://{home}/ws/fleet",
        origin=f"http://{home}",  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
    ) as socket:
        yield socket


async def closed(socket: websockets.ClientConnection) -> tuple[int | None, str | None]:
    async with asyncio.timeout(SECONDS):
        await socket.wait_closed()
    return socket.close_code, socket.close_reason


async def _sockets_close(first: Server, second: Server, token: str) -> None:
    by_admin = functools.partial(admin, second, token, "DELETE", "/api/users/ann/sign-ins")
    for act in (by_admin, functools.partial(second.command, "user", "reset", "ann")):
        client = await asyncio.to_thread(browser, first)
        async with fleet_socket(first, client) as socket:
            await asyncio.to_thread(act)
            assert await closed(socket) == (4403, "you signed out; sign in again")


def test_a_socket_closes_though_another_process_ends_the_sign_in_and_no_nudge_comes(
    two: tuple[Server, Server, str],
) -> None:
    first, second, token = two
    first.command("user", "add", "ann", text=f"{PASSWORD}\n")
    asyncio.run(_sockets_close(first, second, token))
    actions = [entry["action"] for entry in json.loads(json.dumps(first.get("/api/audit", token)["items"]))]
    assert "user.sign_out" in actions
