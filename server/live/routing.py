from django.urls import path

from server.live.consumer import SessionConsumer

websocket_urlpatterns = [path("ws/sessions/<str:session>", SessionConsumer.as_asgi())]
