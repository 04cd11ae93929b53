"""What the table of entries does with templates."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpResponseBase
from django.test import Client

from server.accounts.models import Risk
from server.templates.keep import digest
from server.templates.models import Template
from server.tracing.start import Order
from tests.server.accounts.world import World
from tests.server.fleet.hosts import make_host

TOKEN = "fsh1.of-the-test"


def keep_one(world: World) -> HttpResponseBase:
    make_host("web-1")
    return world.send("POST", "/api/templates", {"tool": "syscount", "hosts": ["web-1"], "name": "calls"})


def call_one(world: World) -> HttpResponseBase:
    make_host("web-1")
    order = asdict(Order("syscount", ["web-1"]))
    kept = Template.objects.create(owner=world.person, name="calls", order=order, risk=Risk.S1, digest=digest(TOKEN))
    sent = {"authorization": f"Bearer {TOKEN}"}
    return Client(headers=sent).post(f"/api/hooks/{kept.pk}", {}, "application/json")
