from __future__ import annotations

import pytest

from proto.listing import MAX_PACKED, ListingError, pack
from proto.v1.stream_pb2 import Listing
from server.accounts.models import User
from server.errors import NotFound
from server.tracing import listings, models
from tests.server.conftest import MakeUser
from tests.server.tracing.sessions import LISTING, traced


@pytest.fixture
def by(user: MakeUser) -> User:
    return user("tracer")


def test_hosts_that_loaded_the_same_share_it(by: User) -> None:
    there = traced(by, hosts=2)
    for run in there.runs:
        listings.keep(run.pk, pack(LISTING))
    assert models.Listing.objects.count() == 1
    run, found = listings.of_session(there.session, "host-2")
    assert (run.host.name, found.source) == ("host-2", "int f;")


def test_the_first_one_of_a_run_counts(by: User) -> None:
    there = traced(by)
    listings.keep(there.runs[0].pk, pack(LISTING))
    listings.keep(there.runs[0].pk, pack(Listing(source="another")))
    assert listings.of_session(there.session, "")[1].source == "int f;"


def test_one_that_is_too_large_or_no_listing_harms_nobody(by: User) -> None:
    there = traced(by)
    with pytest.raises(ListingError):
        listings.keep(there.runs[0].pk, bytes(MAX_PACKED + 1))
    listings.keep(there.runs[0].pk, b"nonsense")
    with pytest.raises(NotFound, match="cannot be shown"):
        listings.of_session(there.session, "")


def test_a_host_without_one_and_a_host_that_is_not_there(by: User) -> None:
    there = traced(by)
    with pytest.raises(NotFound, match="has sent its program yet"):
        listings.of_session(there.session, "host-1")
    with pytest.raises(NotFound, match="it ran on host-1"):
        listings.of_session(there.session, "elsewhere")


def test_what_no_run_has_any_more_goes(by: User) -> None:
    there = traced(by)
    listings.keep(there.runs[0].pk, pack(LISTING))
    listings.sweep()
    assert models.Listing.objects.count() == 1
    there.session.delete()
    listings.sweep()
    assert models.Listing.objects.count() == 0
