"""The programs that runs loaded, kept once for all runs that loaded the same."""

from __future__ import annotations

import hashlib
import uuid

from django.db import transaction

from proto.listing import MAX_PACKED, ListingError, unpack
from proto.v1.stream_pb2 import Listing as Content
from server.errors import NotFound
from server.tracing.models import Listing, Run, Session


def keep(run: uuid.UUID, packed: bytes) -> None:
    """The first one of a run counts. Raises ListingError for one that is over the limit."""
    if len(packed) > MAX_PACKED:
        raise ListingError(f"run {run}: a listing of {len(packed)} bytes is over the limit of {MAX_PACKED}")
    digest = hashlib.sha256(packed).hexdigest()
    with transaction.atomic():
        Listing.objects.select_for_update().get_or_create(digest=digest, defaults={"packed": packed})
        Run.objects.filter(id=run, listing=None).update(listing=digest)


def sweep() -> None:
    """Drop what no run has any more."""
    Listing.objects.filter(runs=None).delete()


def of_session(session: Session, host: str) -> tuple[Run, Content]:
    """Of the named host, or of the first one that has any. Raises NotFound."""
    runs = session.runs.select_related("host", "listing").order_by("host__name")
    named = [run for run in runs if host in ("", run.host.name, str(run.host_id))]
    if not named:
        raise NotFound(f"the session has no run on {host[:64]!r}; it ran on {', '.join(run.host.name for run in runs)}")
    for run in named:
        if run.listing is not None:
            return run, _content(run.listing)
    raise NotFound("no host of this session has sent its program yet; it comes a moment after the probes are attached")


def _content(listing: Listing) -> Content:
    try:
        return unpack(bytes(listing.packed))
    except ListingError as error:
        raise NotFound(f"the host sent a program that cannot be shown: {error}") from error
