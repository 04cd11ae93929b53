from django.urls import path, re_path

from server import refusals, web
from server.api import api

handler400 = refusals.bad_request
handler404 = refusals.missing
handler500 = refusals.broken

urlpatterns = [
    path("api/", api.urls),
    path("static/<path:path>", web.static),
    re_path(r"^(?!(?:api|ws|static)(?:/|$))(?P<path>.*)$", web.page),
]
