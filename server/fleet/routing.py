from typing import Any, cast

from django.urls import path

from server.fleet.consumers import FleetConsumer

websocket_urlpatterns: list[Any] = [path("ws/fleet", cast(Any, FleetConsumer.as_asgi()))]
