"""No check is there for nothing: without any one of them, or one list's filter, somebody gets or hears more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import transaction

from tests.server.accounts import between
from tests.server.accounts.checks import Checks, Site, sites
from tests.server.accounts.matrix import ROLES
from tests.server.accounts.test_matrix import cells, differences
from tests.server.accounts.world import world
from tests.server.conftest import MakeUser

# Those by which nobody gets in, and why they are there.
SHOWS = "shows people what they may do; whatever they then do is asked again"
SIGNED_IN = "lets in whoever is signed in, which the door has asked before; stands there to name the action"
AGAIN = "the question to the host is asked again, for more"
NARROWS = "only narrows what is started; the start asks for each of its hosts"
RECORDS = "puts a try on the record; the refusal is the same without"
FREE = {
    "server/accounts/schemas.py me": SHOWS,
    "server/accounts/teams_api.py _may_see": SHOWS,
    "server/accounts/teams_api.py _team_out": SHOWS,
    "server/tracing/allowance.py _allowance": SHOWS,
    "server/tracing/rights_api.py _glass": SHOWS,
    "server/tracing/rights_api.py _team": SHOWS,
    "server/tracing/sharing.py _problem": SHOWS,
    "server/accounts/teams_api.py team_named": SIGNED_IN,
    "server/accounts/teams_api.py list_grants": SIGNED_IN,
    "server/accounts/teams_api.py list_teams": SIGNED_IN,
    "server/catalog/api.py get_tool": SIGNED_IN,
    "server/catalog/api.py list_tools": SIGNED_IN,
    "server/tracing/rights_api.py get_rights": SIGNED_IN,
    "server/fleet/names_api.py ask_for_names": AGAIN,
    "server/fleet/api.py _record_hidden": RECORDS,
    "server/tracing/rights.py by_share": RECORDS,
    "server/templates/begin.py _means": NARROWS,
}
Probe = Callable[[], object]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    found = Checks()
    found.install(monkeypatch)
    return found


@pytest.mark.timeout(1200)
def test_without_any_one_check_somebody_gets_more(db: None, user: MakeUser, checks: Checks) -> None:
    left = set(sites())
    assert len(left) > 80
    for case in between.CASES:
        left -= noticed(checks, left, [partial(between.answer, case, user)])
    for role in ROLES:
        with undone():
            made = world(role)
            left -= noticed(checks, left, [partial(differences, made, role, [cell]) for cell in cells()])
    assert {f"{site.path} {site.function}" for site in left} == set(FREE)


def noticed(checks: Checks, left: set[Site], probes: Iterable[Probe]) -> set[Site]:
    """Those of the sites that refuse in a probe, and without which its answer is another one."""
    refusing: dict[Site, list[tuple[Probe, object]]] = defaultdict(list)
    for probe in probes:
        checks.refusing.clear()
        answer = once(probe)
        for site in checks.refusing & left:
            refusing[site].append((probe, answer))
    found = set()
    for site, there in refusing.items():
        with checks.without(site):
            if any(once(probe) != answer for probe, answer in there):
                found.add(site)
    return found


def once(probe: Probe) -> object:
    with undone():
        return probe()


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
