"""The browser's files: the built frontend and its page with a fresh nonce."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils._os import safe_join

DIST = Path(__file__).resolve().parent.parent / "frontend/dist"
NONCE = "{{ csp_nonce }}"
_NOT_BUILT = """<!doctype html><html lang="en"><title>Fleetscope</title><body><h1>The frontend is not built</h1>
<p>The server runs and its <a href="/api/docs">API</a> works.
Run <code>make run</code> to build the frontend, then reload.</p>
"""


def page(request: HttpRequest, path: str = "") -> HttpResponse:
    """The one page of the frontend, for every address that is its own; `path` is for the browser to read."""
    del path
    get_token(request)  # sets the CSRF cookie, which the frontend sends back as a header
    index = DIST / "index.html"
    if not index.exists():
        return HttpResponse(_NOT_BUILT, status=503, headers={"Cache-Control": "no-store"})
    nonce: str = request.csp_nonce  # type: ignore[attr-defined]
    html = index.read_text("utf-8").replace(NONCE, nonce)
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


def static(_request: HttpRequest, path: str) -> HttpResponse:
    """A file of the frontend, whose name holds its hash under assets/, or of a Django app (the API's documentation)."""
    file = _static_file(path)
    if file is None:
        raise Http404(f"there is no file {path}")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    lifetime = "public, max-age=31536000, immutable" if path.startswith("assets/") else "public, max-age=300"
    return HttpResponse(file.read_bytes(), content_type=kind, headers={"Cache-Control": lifetime})


def _static_file(path: str) -> Path | None:
    try:
        built = Path(safe_join(DIST, path))
        found = built if built.is_file() else finders.find(path)
    except (ValueError, SuspiciousFileOperation):
        return None
    return Path(found) if isinstance(found, str | Path) else None
