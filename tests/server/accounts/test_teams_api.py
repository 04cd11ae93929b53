from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from server.accounts.models import User
from tests.server.people import grant, team

JSON = "application/json"
ClientOf = Callable[[str], Client]


def test_an_admin_makes_a_team_fills_it_and_grants_it_something(client_of: ClientOf, user: Callable[..., User]) -> None:
    admin = client_of("admin")
    user("", "ann")
    assert admin.post("/api/teams", {"name": "web"}, content_type=JSON).status_code == 201
    assert admin.put("/api/teams/web/members/ann", {}, content_type=JSON).json()["members"] == ["ann"]
    body = {"holders": "web", "role": "tracer", "team": "web", "risk": "s1", "host_labels": {"env": "dev"}}
    made = admin.post("/api/grants", body, content_type=JSON).json()
    changed = admin.put(f"/api/grants/{made['id']}", {**body, "max_seconds": 60}, content_type=JSON).json()
    assert (changed["id"], changed["max_seconds"], changed["risk"]) == (made["id"], 60, "s1")
    assert admin.delete(f"/api/grants/{made['id']}").status_code == 204
    assert admin.delete("/api/teams/web/members/ann").json()["members"] == []
    assert admin.patch("/api/teams/web", {"name": "www"}, content_type=JSON).json()["name"] == "www"
    assert admin.delete("/api/teams/www").status_code == 204


def test_people_see_their_own_teams_and_grants_alone(client_of: ClientOf, user: Callable[..., User]) -> None:
    viewer = client_of("viewer")
    grant(user("", "ann"), "viewer", team("secret"))
    assert [found["name"] for found in viewer.get("/api/teams").json()] == ["default"]
    assert [found["person"] for found in viewer.get("/api/grants").json()] == ["viewer"]
    hidden = viewer.patch("/api/teams/secret", {"name": "x"}, content_type=JSON)
    unknown = viewer.patch("/api/teams/nothing", {"name": "x"}, content_type=JSON)
    assert (hidden.status_code, unknown.status_code) == (404, 404)


def test_nobody_learns_names_of_people_by_trying(client_of: ClientOf, user: Callable[..., User]) -> None:
    viewer = client_of("viewer")
    user("", "ann")

    def tried(name: str) -> Any:
        return viewer.post("/api/grants", {"person": name, "role": "viewer"}, content_type=JSON).json()

    assert tried("ann") == tried("nobody-at-all")


def test_an_admin_of_one_team_changes_that_team_alone(user: Callable[..., User]) -> None:
    grant(user("", "ann"), "admin", team("web"))
    team("other")
    client = Client()
    client.force_login(User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    assert [(found["name"], found["may_change"]) for found in client.get("/api/teams").json()] == [("web", True)]
    assert client.post("/api/teams", {"name": "new"}, content_type=JSON).status_code == 403
    given = {"holders": "web", "role": "viewer"}
    assert client.post("/api/grants", {**given, "team": "web"}, content_type=JSON).status_code == 201
    assert client.post("/api/grants", {**given, "team": "other"}, content_type=JSON).status_code == 403
    assert client.post("/api/grants", given, content_type=JSON).status_code == 403
