"""Secrets in the forms in which programs carry them, and text that is none."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter

import pyarrow as pa
import pytest

from agent.detectors import NAMES
from agent.runner.prepare import PrepareError
from agent.runner.redact import Redactor, mark
from proto.columnar import BYTES
from proto.v1 import tool_pb2
from proto.v1.agent_pb2 import Filters
from proto.v1.local_pb2 import Pattern, RedactionRules
from proto.v1.stream_pb2 import StreamSchema
from tests.agent.runner.harness import Run

ALL = RedactionRules(detectors=NAMES)


def cleaned(
    *values: bytes, rules: RedactionRules = ALL, unit: tool_pb2.Unit = tool_pb2.UNIT_ARGV
) -> tuple[list[bytes], Counter[str]]:
    column = tool_pb2.Column(name="text", sensitivity=tool_pb2.SENSITIVITY_NAMES, unit=unit)
    redactor = Redactor([StreamSchema(columns=[column])], rules)
    schema = pa.schema([pa.field("text", BYTES, nullable=False)])
    batch = pa.RecordBatch.from_pylist([{"text": value} for value in values], schema=schema)
    after, found = redactor.clean(0, batch)
    assert after.schema.equals(schema)
    return after.column("text").to_pylist(), found


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("password", b"app\0--password=a b\0-v", "app\0--password=#\0-v"),
        ("password", b"app\0--db-password\0hunter2\0-v", "app\0--db-password\0#\0-v"),
        ("password", b"mysql\0-u\0root\0-phunter2\0db", "mysql\0-u\0root\0-p#\0db"),
        ("password", b"sh\0-c\0/usr/bin/mysqldump -uroot -phunter2 db", "sh\0-c\0/usr/bin/mysqldump -uroot -p# db"),
        ("password", b"env\0PGPASSWORD=hunter2\0psql", "env\0PGPASSWORD=#\0psql"),
        ("password", b"export AWS_SECRET_ACCESS_KEY=ab/cd+1; ls", "export AWS_SECRET_ACCESS_KEY=#; ls"),
        ("password", b"psql\0postgresql://joe:hunter2@db/x", "psql\0postgresql://joe:#@db/x"),
        ("password", b"redis-cli\0-h\0db\0-a\0hunter2\0get\0x", "redis-cli\0-h\0db\0-a\0#\0get\0x"),
        ("password", b'{"user":"x","password":"hunter2","n":1}', '{"user":"x","password":"#","n":1}'),
        ("password", b"user=x&password=hunter2&next=1", "user=x&password=#&next=1"),
        ("password", b"X-Api-Key: abcd\r\nA: b", "X-Api-Key: #\r\nA: b"),
        ("authorization", b"Authorization: Basic aHVudGVyMg==\r\nA: b", "Authorization: Basic #\r\nA: b"),
        ("authorization", b"curl\0-H\0authorization: Bearer a.b\0x", "curl\0-H\0authorization: Bearer #\0x"),
        ("authorization", b"curl\0-u\0joe:hunter2\0x", "curl\0-u\0joe:#\0x"),
        ("cookie", b"Cookie: a=b; c=d\r\nHost: x", "Cookie: #\r\nHost: x"),
        ("cookie", b"set-cookie: sid=1; Path=/\r\n", "set-cookie: #\r\n"),
        ("token", b"git\0push\0ghp_abcdefghijklmnopqrst0123456789\0x", "git\0push\0#\0x"),
        ("token", b"x eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abc-DEF y", "x # y"),
        ("card", b"pay 4111 1111 1111 1111 now", "pay # now"),
        ("card", b"378282246310005", "#"),
        ("private-key", b"-----BEGIN PRIVATE KEY-----\nMIIE\n", "-----BEGIN PRIVATE KEY-----#"),
        (
            "private-key",
            b"a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb",
            "a\n-----BEGIN RSA PRIVATE KEY-----#-----END RSA PRIVATE KEY-----\nb",
        ),
    ],
)
def test_a_secret_is_replaced_and_what_names_it_stays(kind: str, before: bytes, after: str) -> None:
    found, counts = cleaned(b"first", before, b"last", before)
    wanted = after.replace("#", mark(kind)).encode()
    assert found == [b"first", wanted, b"last", wanted]
    assert counts == {kind: 2}


@pytest.mark.parametrize(
    "text",
    [
        b"docker\0login\0--password-stdin\0registry.example",
        b"less\0/etc/passwd",
        b"ssh\0user@host\0-p\0022",
        b"order 4111111111111112 of 1234567890123456",
        b"http://example.org/a:b@c",
        b"BEGIN CERTIFICATE: the secret of good bread",
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_what_is_no_secret_stays(text: bytes) -> None:
    assert cleaned(text) == ([text], Counter())


def test_bytes_that_are_no_text_are_searched_too() -> None:
    assert cleaned(b"\xff password: \xfe\xfd\n\xff")[0] == [b"\xff password: " + mark("password").encode() + b"\n\xff"]


def test_the_hosts_own_patterns_hold_for_paths_too() -> None:
    rules = RedactionRules(detectors=NAMES, patterns=[Pattern(name="staff", expression="E[0-9]{6}")])
    found, counts = cleaned(b"/home/E123456/x", b"/srv/password=x", rules=rules, unit=tool_pb2.UNIT_FILE_PATH)
    assert found == [f"/home/{mark('staff')}/x".encode(), b"/srv/password=x"]
    assert counts == {"staff": 1}


def test_a_pattern_that_the_engine_refuses_is_named() -> None:
    with pytest.raises(PrepareError, match=r"redaction\.patterns\.bad cannot be used"):
        Redactor([], RedactionRules(patterns=[Pattern(name="bad", expression="(?=x)")]))


def test_public_columns_and_detectors_that_are_off_change_nothing() -> None:
    public = StreamSchema(columns=[tool_pb2.Column(name="text", sensitivity=tool_pb2.SENSITIVITY_PUBLIC)])
    batch = pa.RecordBatch.from_pydict({"text": pa.array([b"--password=x"]).dictionary_encode()})
    assert Redactor([public], ALL).clean(0, batch) == (batch, Counter())
    assert cleaned(b"--password=x", rules=RedactionRules(detectors=["card"]))[0] == [b"--password=x"]


def test_a_slice_counts_its_own_rows_only() -> None:
    column = tool_pb2.Column(name="text", sensitivity=tool_pb2.SENSITIVITY_CONTENT)
    batch = pa.RecordBatch.from_pydict({"text": pa.array([b"a", b"--password=x", b"--password=x"]).dictionary_encode()})
    _, found = Redactor([StreamSchema(columns=[column])], ALL).clean(0, batch.slice(0, 2))
    assert found == {"password": 1}


FORMS = (
    "app\0--password={}\0-v", "app\0--token\0{}\0x", "mysql\0-p{}\0db", "env\0PGPASSWORD={}\0psql",
    "psql\0postgres://joe:{}@db/x", "Authorization: Bearer {}\r\n", "Cookie: sid={}; a=b\r\n",
    'json {{"password": "{}"}}', "user=a&passwd={}&b=c", "curl\0-u\0joe:{}\0x",
    "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----", "sh\0-c\0export API_KEY={}; run",
)  # fmt: skip


def test_ten_thousand_seeded_secrets_in_twelve_forms_are_gone() -> None:
    seeded = random.Random(38)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+_-.!%"
    secrets = ["Q" + "".join(seeded.choices(letters, k=seeded.randint(7, 40))) for _ in range(10_000)]
    values = [FORMS[number % len(FORMS)].format(secret).encode() for number, secret in enumerate(secrets)]
    found, counts = cleaned(*values)
    left = [value for secret, value in zip(secrets, found, strict=True) if secret.encode() in value]
    assert left == []
    assert sum(counts.values()) >= 10_000


def test_no_text_makes_it_slow() -> None:
    """What makes a backtracking engine take for ever takes this one as long as any other text."""
    hostile = [
        b"mysql " + b"a " * 16_000,
        b"--password" * 3000,
        b"://" + b"@:" * 16_000,
        b"4 " * 16_000,
        b"cookie:" * 4000,
    ]
    start = time.process_time()
    cleaned(*hostile)
    assert time.process_time() - start < 20


@pytest.mark.kernel
def test_a_run_stores_no_argument_that_is_a_password() -> None:
    """From the kernel to the frames on the host's disk; the same run without redaction stores it."""
    secret = f"hunter2-{random.randrange(10**12)}"
    for rules, stored in ((ALL, False), (RedactionRules(), True)):
        with Run("execsnoop", filters=Filters(ppid=os.getpid()), redaction=rules) as run:
            subprocess.run(["/bin/true", f"--password={secret}", "seen"], check=True)
            run.stop()
            run.wait()
            (row,) = [row for row in run.rows() if b"/bin/true" in row["args"]]
            redacted = {item.kind: item.values for item in run.ledger.redacted}
        assert row["args"].endswith(b"\0seen\0")
        assert (secret.encode() in row["args"]) == stored
        assert redacted == ({} if stored else {"password": 1})
