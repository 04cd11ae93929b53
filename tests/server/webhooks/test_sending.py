from __future__ import annotations

import asyncio
import datetime
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest

from server import pki
from server.webhooks import address, queue, sending
from server.webhooks.models import Delivery, Webhook
from tests.server.webhooks.conftest import MakeWebhook
from tests.server.webhooks.receiver import Receiver, receiving

SECONDS = 60


def attempt(place: Webhook) -> tuple[str, bool]:
    return asyncio.run(sending.attempt(queue.put(place, "test", {"team": "default"})))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.05)


def test_a_message_arrives_signed(db: None, receiver: Receiver, webhook: MakeWebhook) -> None:
    place, secret = webhook(receiver.url)
    assert attempt(place) == ("answered 200", True)
    (message,) = receiver.messages
    assert message.signed_with(secret) and not message.signed_with("whsec_" + "A" * 44)
    assert abs(int(message.headers["webhook-timestamp"]) - time.time()) < SECONDS
    assert message.headers["webhook-id"] == str(Delivery.objects.get().pk)
    assert message.headers["host"] == place.url.split("/")[2]
    assert (message.path, message.content["type"], message.content["data"]) == ("/hook", "test", {"team": "default"})


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(db: None, receiver: Receiver, webhook: MakeWebhook, status: int) -> None:
    receiver.answer = lambda: (status, {"Location": receiver.url + "/elsewhere"})
    assert attempt(webhook(receiver.url)[0]) == (f"answered {status}", False)
    assert [message.path for message in receiver.messages] == ["/hook"]


def test_what_is_private_is_not_sent_to_however_it_came_there(db: None, webhook: MakeWebhook) -> None:
    with receiving() as receiver:
        result, delivered = attempt(webhook(receiver.url)[0])
    assert (delivered, receiver.messages) == (False, [])
    assert "FLEETSCOPE_WEBHOOK_NETWORKS" in result


def test_the_connection_goes_to_the_address_that_was_looked_at(
    db: None, receiver: Receiver, webhook: MakeWebhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that means another address at the second question is asked once only."""
    place, _ = webhook(receiver.url)
    asked, real = [], address.find

    def noted(url: str, networks: Sequence[str]) -> address.Place:
        asked.append(url)
        return real(url, networks)

    monkeypatch.setattr(address, "find", noted)
    transport, urls = httpx.AsyncHTTPTransport.handle_async_request, []

    async def seen(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        urls.append(str(request.url))
        return await transport(self, request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", seen)
    assert attempt(place)[1]
    assert len(asked) == 1
    assert urls[0].split("/")[2].rpartition(":")[0] in ("127.0.0.1", "[::1]")


def test_nobody_there_a_name_without_address_and_another_servers_secret_are_told(
    db: None, local: None, webhook: MakeWebhook
) -> None:
    with receiving() as gone:
        nobody = webhook(gone.url)[0]
    assert attempt(nobody)[0].startswith("no answer: ")
    assert attempt(webhook("http://no-such-name.invalid/")[0])[0].startswith("its name cannot be resolved: ")
    nobody.secret = b"\0" * 60
    assert attempt(nobody) == (
        "its secret cannot be read with this server's key; remove the webhook and add it again",
        False,
    )


def test_tls_is_checked_against_the_name(
    db: None, local: None, webhook: MakeWebhook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending._certificates.cache_clear()
    authority, key = pki.new_key(), pki.new_key()
    root = pki.self_signed(authority)
    for name, answers in (("localhost", True), ("elsewhere.example", False)):
        leaf = pki.server_certificate(key.public_key(), [name], authority, root)
        (tmp_path / "chain.pem").write_bytes(pki.pem(leaf) + pki.pem(root))
        (tmp_path / "key.pem").write_bytes(pki.private_pem(key))
        (tmp_path / "root.pem").write_bytes(pki.pem(root))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
        with receiving(context) as receiver:
            result, delivered = attempt(webhook(receiver.url)[0])
            assert delivered == answers, result
            assert len(receiver.messages) == answers
    sending._certificates.cache_clear()


@pytest.mark.asyncio
async def test_one_that_hangs_holds_up_no_other_and_nothing_is_lost_when_the_process_ends(
    committed: None, receiver: Receiver, webhook: MakeWebhook
) -> None:
    release = threading.Event()
    with receiving() as slow:
        slow.answer = lambda: (200, {}) if release.wait(SECONDS) else (500, {})
        stuck, _ = await asyncio.to_thread(webhook, slow.url)
        quick, _ = await asyncio.to_thread(webhook, receiver.url)
        for place in (stuck, quick, quick):
            await asyncio.to_thread(queue.put, place, "test", {})
        async with sending.sending():
            await until(lambda: len(receiver.messages) == 2 and bool(slow.messages))
            await until(lambda: Delivery.objects.filter(delivered=True).count() == 2)
        release.set()
        left = await asyncio.to_thread(Delivery.objects.get, webhook=stuck)
        assert (left.delivered, left.due_at is not None) == (False, True), "ended in the middle: still to be sent"
        left.due_at = left.created_at - datetime.timedelta(seconds=1)
        await asyncio.to_thread(left.save)
        async with sending.sending():
            await until(lambda: Delivery.objects.filter(delivered=True).count() == 3)
        assert [message.headers["webhook-id"] for message in slow.messages] == [str(left.pk)] * 2
