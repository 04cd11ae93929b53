from __future__ import annotations

from server.consent import requests, schemas
from server.consent.models import Request
from tests.server.consent.requests import MakeUser, asked, signed_by_ada


def test_people_see_the_very_bytes_and_who_said_what(user: MakeUser) -> None:
    request = asked(user)
    requests.sign(request.created_by, str(request.pk), signed_by_ada(request))
    shown = schemas.RequestOut.model_validate(schemas.request_out(requests.find(str(request.pk))))
    assert shown.specification.encode() == bytes(request.specification)
    (voice,) = shown.voices
    assert (voice.person, voice.part, voice.signed) == ("ada", "requester", True)
    assert (shown.state, shown.needed, shown.signed, shown.reviewed_by) == ("waiting", 1, True, "")


def test_what_has_expired_is_shown_so_at_once(user: MakeUser) -> None:
    request = asked(user)
    Request.objects.update(expires_at=request.created_at)
    assert schemas.request_out(requests.find(str(request.pk)))["state"] == "expired"
