from __future__ import annotations

from proto.v1 import tool_pb2 as pb
from proto.v1.tool_pb2 import Column
from server.tracing.rollups.cubes import MAX_KEYS, Cube, cubes, keys, measures, stacks, time_column
from tests.server.tracing.rows import EVENTS, STACKS, stream


def test_events_are_counted_by_second_by_key_and_by_power_of_two() -> None:
    found = cubes(EVENTS)
    assert found[0] == Cube(second=True)
    assert found[1:3] == [Cube(second=True, key="pid"), Cube(key="pid")]
    assert found[-1] == Cube(second=True, slot="latency")
    assert (time_column(EVENTS), keys(EVENTS), measures(EVENTS)) == ("time", ["pid", "comm", "fd", "path"], ["latency"])


def test_stacks_come_behind_all_others() -> None:
    assert (keys(STACKS), stacks(STACKS)) == (["comm"], ["stack"])
    slot = Cube(second=True, slot="samples")
    assert cubes(STACKS)[-3:] == [slot, Cube(second=True, key="stack"), Cube(key="stack")]


def test_without_time_there_are_no_seconds() -> None:
    timeless = stream("events", EVENTS.kind, [column for column in EVENTS.columns if column.name != "time"])
    assert not any(cube.second for cube in cubes(timeless))
    assert Cube(slot="latency") in cubes(timeless)


def test_of_many_fields_the_first_ones_are_keys() -> None:
    fields = [Column(name=f"field_{n}", type=pb.CTYPE_U64, role=pb.ROLE_KEY) for n in range(200)]
    assert keys(stream("events", pb.KIND_EVENTS, fields)) == [f"field_{n}" for n in range(MAX_KEYS)]
