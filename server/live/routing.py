from typing import Any, cast

from django.urls import path

from server.live.consumer import SessionConsumer

websocket_urlpatterns: list[Any] = [path("ws/sessions/<str:session>", cast(Any, SessionConsumer.as_asgi()))]
