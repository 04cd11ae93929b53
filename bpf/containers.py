"""The column that streams of rows have beside those of their manifest: whose container it was. No probe fills it; the
agent makes it of the control group in the row. Recordings from before there was one have no such column.
"""

from __future__ import annotations

from collections.abc import Iterable

from proto.v1 import tool_pb2 as pb

COLUMN = "container"
_HELP = "Container of that control group (namespace/pod/container); empty outside of one, ? when it was gone too soon"


def group_column(columns: Iterable[pb.Column]) -> pb.Column | None:
    """The one that says in which control group it happened."""
    return next((column for column in columns if column.unit == pb.UNIT_CGROUP), None)


def with_containers(tool: pb.Tool) -> pb.Tool:
    """The tool itself, with the container behind the control group in each of its streams."""
    for stream in tool.streams:
        columns = list(stream.columns)
        if group := group_column(columns):
            columns.insert(columns.index(group) + 1, _container(group))
            del stream.columns[:]
            stream.columns.extend(columns)
    return tool


def _container(group: pb.Column) -> pb.Column:
    return pb.Column(
        name=COLUMN,
        type=pb.CTYPE_NAME,
        unit=pb.UNIT_CONTAINER,
        role=pb.ROLE_KEY,
        sensitivity=group.sensitivity,
        help=_HELP,
        when=group.when,
    )
