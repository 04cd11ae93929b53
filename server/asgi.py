"""HTTP and WebSockets. Sockets are refused to pages of other origins."""

from __future__ import annotations

import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application

from server.departure import Departures
from server.limits import BodyLimit

_http = get_asgi_application()

from server.fleet.routing import websocket_urlpatterns as fleet_sockets  # noqa: E402 (needs the app registry)
from server.live.routing import websocket_urlpatterns as session_sockets  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": Departures(BodyLimit(cast(Any, _http))),
        "websocket": OriginValidator(
            AuthMiddlewareStack(URLRouter([*fleet_sockets, *session_sockets])), settings.ALLOWED_ORIGINS
        ),
    }
)
