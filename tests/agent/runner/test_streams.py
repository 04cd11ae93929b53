"""The schema as a run really sends it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from agent.kernel.trial import SAMPLES
from agent.runner.attach import Request, choose_variant
from agent.runner.streams import run_schema
from bpf.catalog import load_catalog
from bpf.params import parse_params
from proto.columnar import arrow_schema
from proto.v1.agent_pb2 import Filters

pytestmark = pytest.mark.kernel  # imports bcc
CATALOG = load_catalog()


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_tool_sends_a_schema_that_arrow_reads(name: str) -> None:
    entry = CATALOG[name]
    needed = {param.name: SAMPLES[param.type] for param in entry.tool.params if param.required}
    request = Request(entry, parse_params(entry.tool, needed), Filters())
    schema = run_schema(request, choose_variant(entry.tool, ""))
    assert (schema.tool, schema.tool_digest) == (name, entry.digest)
    for stream in schema.streams:
        read = pa.ipc.read_schema(pa.py_buffer(stream.arrow_schema))
        assert read == arrow_schema(stream.columns)
        assert "time" in read.names
