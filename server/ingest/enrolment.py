"""The one call that a host may make before it has an identity."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from grpc import StatusCode
from grpc.aio import ServicerContext

from proto.v1.agent_pb2 import EnrollReply, EnrollRequest
from proto.v1.agent_pb2_grpc import EnrolmentServicer
from server.fleet.joining import JoinError, enrol
from server.ingest.database import in_db
from server.ingest.identity import address_of
from server.keys import KeysMissing


class RateLimit:
    """A token bucket for each address; the addresses that were quiet longest are forgotten first."""

    ADDRESSES = 10_000

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, address: str) -> bool:
        now = time.monotonic()
        level, then = self._buckets.pop(address, (self._burst, now))
        level = min(self._burst, level + (now - then) * self._per_second)
        self._buckets[address] = (level - 1 if level >= 1 else level, now)
        while len(self._buckets) > self.ADDRESSES:
            self._buckets.popitem(last=False)
        return level >= 1


class Enrolment(EnrolmentServicer):
    def __init__(self) -> None:
        self._rate = RateLimit(burst=10, per_second=1)
        self._one_at_a_time = asyncio.Lock()

    async def Enroll(self, request: EnrollRequest, context: ServicerContext[EnrollRequest, EnrollReply]) -> EnrollReply:
        address = address_of(context.peer())
        if not self._rate.allows(address):
            await context.abort(
                StatusCode.RESOURCE_EXHAUSTED, "too many join attempts from this address; wait a minute"
            )
        try:
            async with self._one_at_a_time:
                return await in_db(enrol, request, address)
        except JoinError as error:
            await context.abort(StatusCode.PERMISSION_DENIED, str(error))
        except KeysMissing as error:
            await context.abort(StatusCode.FAILED_PRECONDITION, str(error))
