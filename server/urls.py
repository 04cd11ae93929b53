from django.urls import path, re_path

from server import web
from server.api import api

urlpatterns = [
    path("api/", api.urls),
    path("static/<path:path>", web.static),
    re_path(r"^(?!api/|ws/|static/)(?P<path>.*)$", web.page),
]
