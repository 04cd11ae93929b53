from proto.v1 import stream_pb2 as _stream_pb2
from proto.v1 import tool_pb2 as _tool_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnrollRequest(_message.Message):
    __slots__ = ("token", "csr_pem", "host_name")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    CSR_PEM_FIELD_NUMBER: _ClassVar[int]
    HOST_NAME_FIELD_NUMBER: _ClassVar[int]
    token: str
    csr_pem: bytes
    host_name: str
    def __init__(self, token: _Optional[str] = ..., csr_pem: _Optional[bytes] = ..., host_name: _Optional[str] = ...) -> None: ...

class EnrollReply(_message.Message):
    __slots__ = ("host_id", "certificate_pem", "ca_pem", "command_key", "host_name")
    HOST_ID_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    CA_PEM_FIELD_NUMBER: _ClassVar[int]
    COMMAND_KEY_FIELD_NUMBER: _ClassVar[int]
    HOST_NAME_FIELD_NUMBER: _ClassVar[int]
    host_id: str
    certificate_pem: bytes
    ca_pem: bytes
    command_key: bytes
    host_name: str
    def __init__(self, host_id: _Optional[str] = ..., certificate_pem: _Optional[bytes] = ..., ca_pem: _Optional[bytes] = ..., command_key: _Optional[bytes] = ..., host_name: _Optional[str] = ...) -> None: ...

class AgentMessage(_message.Message):
    __slots__ = ("hello", "verdict", "run", "heartbeat", "refusal", "names", "certificate_request", "witnessed", "opened", "destroyed")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    WITNESSED_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    DESTROYED_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    verdict: Verdict
    run: RunUpdate
    heartbeat: Heartbeat
    refusal: Refusal
    names: Names
    certificate_request: CertificateRequest
    witnessed: Witnessed
    opened: Opened
    destroyed: DestroyedKeys
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., verdict: _Optional[_Union[Verdict, _Mapping]] = ..., run: _Optional[_Union[RunUpdate, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ..., names: _Optional[_Union[Names, _Mapping]] = ..., certificate_request: _Optional[_Union[CertificateRequest, _Mapping]] = ..., witnessed: _Optional[_Union[Witnessed, _Mapping]] = ..., opened: _Optional[_Union[Opened, _Mapping]] = ..., destroyed: _Optional[_Union[DestroyedKeys, _Mapping]] = ...) -> None: ...

class ServerMessage(_message.Message):
    __slots__ = ("welcome", "start", "stop", "watch", "ask", "renew", "certificate_pem", "audit_head", "opening", "destroy")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    ASK_FIELD_NUMBER: _ClassVar[int]
    RENEW_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    AUDIT_HEAD_FIELD_NUMBER: _ClassVar[int]
    OPENING_FIELD_NUMBER: _ClassVar[int]
    DESTROY_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    start: SignedEnvelope
    stop: Stop
    watch: Watch
    ask: SignedAsk
    renew: RenewalOrder
    certificate_pem: bytes
    audit_head: AuditHead
    opening: SignedOpening
    destroy: DestroyKeys
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., start: _Optional[_Union[SignedEnvelope, _Mapping]] = ..., stop: _Optional[_Union[Stop, _Mapping]] = ..., watch: _Optional[_Union[Watch, _Mapping]] = ..., ask: _Optional[_Union[SignedAsk, _Mapping]] = ..., renew: _Optional[_Union[RenewalOrder, _Mapping]] = ..., certificate_pem: _Optional[bytes] = ..., audit_head: _Optional[_Union[AuditHead, _Mapping]] = ..., opening: _Optional[_Union[SignedOpening, _Mapping]] = ..., destroy: _Optional[_Union[DestroyKeys, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("agent_version", "facts", "verdicts", "runs", "labels", "policy_digest", "remote_off", "witnessed", "approvals_needed", "numbers")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    POLICY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REMOTE_OFF_FIELD_NUMBER: _ClassVar[int]
    WITNESSED_FIELD_NUMBER: _ClassVar[int]
    APPROVALS_NEEDED_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    agent_version: str
    facts: HostFacts
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    runs: _containers.RepeatedCompositeFieldContainer[ActiveRun]
    labels: _containers.ScalarMap[str, str]
    policy_digest: bytes
    remote_off: bool
    witnessed: Witnessed
    approvals_needed: int
    numbers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, agent_version: _Optional[str] = ..., facts: _Optional[_Union[HostFacts, _Mapping]] = ..., verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ..., runs: _Optional[_Iterable[_Union[ActiveRun, _Mapping]]] = ..., labels: _Optional[_Mapping[str, str]] = ..., policy_digest: _Optional[bytes] = ..., remote_off: _Optional[bool] = ..., witnessed: _Optional[_Union[Witnessed, _Mapping]] = ..., approvals_needed: _Optional[int] = ..., numbers: _Optional[_Iterable[str]] = ...) -> None: ...

class RenewalOrder(_message.Message):
    __slots__ = ("trust",)
    TRUST_FIELD_NUMBER: _ClassVar[int]
    trust: SignedTrust
    def __init__(self, trust: _Optional[_Union[SignedTrust, _Mapping]] = ...) -> None: ...

class SignedTrust(_message.Message):
    __slots__ = ("payload", "signatures")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    signatures: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, payload: _Optional[bytes] = ..., signatures: _Optional[_Iterable[bytes]] = ...) -> None: ...

class TrustList(_message.Message):
    __slots__ = ("generation", "ca_der")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    CA_DER_FIELD_NUMBER: _ClassVar[int]
    generation: int
    ca_der: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, generation: _Optional[int] = ..., ca_der: _Optional[_Iterable[bytes]] = ...) -> None: ...

class CertificateRequest(_message.Message):
    __slots__ = ("csr_pem",)
    CSR_PEM_FIELD_NUMBER: _ClassVar[int]
    csr_pem: bytes
    def __init__(self, csr_pem: _Optional[bytes] = ...) -> None: ...

class AuditHead(_message.Message):
    __slots__ = ("note", "log_key", "proof", "since")
    NOTE_FIELD_NUMBER: _ClassVar[int]
    LOG_KEY_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    note: str
    log_key: bytes
    proof: _containers.RepeatedScalarFieldContainer[bytes]
    since: int
    def __init__(self, note: _Optional[str] = ..., log_key: _Optional[bytes] = ..., proof: _Optional[_Iterable[bytes]] = ..., since: _Optional[int] = ...) -> None: ...

class Witnessed(_message.Message):
    __slots__ = ("note", "size", "trouble")
    NOTE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    TROUBLE_FIELD_NUMBER: _ClassVar[int]
    note: str
    size: int
    trouble: str
    def __init__(self, note: _Optional[str] = ..., size: _Optional[int] = ..., trouble: _Optional[str] = ...) -> None: ...

class HostFacts(_message.Message):
    __slots__ = ("host_name", "kernel_release", "distribution", "architecture", "cpus", "memory_bytes", "btf", "kprobes", "preemption", "boot_ns", "wall_ns", "bcc_version")
    HOST_NAME_FIELD_NUMBER: _ClassVar[int]
    KERNEL_RELEASE_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    CPUS_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    BTF_FIELD_NUMBER: _ClassVar[int]
    KPROBES_FIELD_NUMBER: _ClassVar[int]
    PREEMPTION_FIELD_NUMBER: _ClassVar[int]
    BOOT_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    BCC_VERSION_FIELD_NUMBER: _ClassVar[int]
    host_name: str
    kernel_release: str
    distribution: str
    architecture: str
    cpus: int
    memory_bytes: int
    btf: bool
    kprobes: bool
    preemption: str
    boot_ns: int
    wall_ns: int
    bcc_version: str
    def __init__(self, host_name: _Optional[str] = ..., kernel_release: _Optional[str] = ..., distribution: _Optional[str] = ..., architecture: _Optional[str] = ..., cpus: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., btf: _Optional[bool] = ..., kprobes: _Optional[bool] = ..., preemption: _Optional[str] = ..., boot_ns: _Optional[int] = ..., wall_ns: _Optional[int] = ..., bcc_version: _Optional[str] = ...) -> None: ...

class ActiveRun(_message.Message):
    __slots__ = ("run_id", "ended", "spooled_seq")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    SPOOLED_SEQ_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    ended: bool
    spooled_seq: int
    def __init__(self, run_id: _Optional[bytes] = ..., ended: _Optional[bool] = ..., spooled_seq: _Optional[int] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("tool", "tool_digest", "state", "variant", "reason")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Verdict.State]
        STATE_CHECKING: _ClassVar[Verdict.State]
        STATE_WORKS: _ClassVar[Verdict.State]
        STATE_WORKS_WITH_LOSS: _ClassVar[Verdict.State]
        STATE_REFUSED: _ClassVar[Verdict.State]
        STATE_FORBIDDEN: _ClassVar[Verdict.State]
    STATE_UNSPECIFIED: Verdict.State
    STATE_CHECKING: Verdict.State
    STATE_WORKS: Verdict.State
    STATE_WORKS_WITH_LOSS: Verdict.State
    STATE_REFUSED: Verdict.State
    STATE_FORBIDDEN: Verdict.State
    TOOL_FIELD_NUMBER: _ClassVar[int]
    TOOL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    tool: str
    tool_digest: bytes
    state: Verdict.State
    variant: str
    reason: str
    def __init__(self, tool: _Optional[str] = ..., tool_digest: _Optional[bytes] = ..., state: _Optional[_Union[Verdict.State, str]] = ..., variant: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RunUpdate(_message.Message):
    __slots__ = ("run_id", "state", "schema", "end", "ledger", "cost", "spooled_seq", "boot_ns", "wall_ns", "note", "listing", "targets")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[RunUpdate.State]
        STATE_ACCEPTED: _ClassVar[RunUpdate.State]
        STATE_ATTACHED: _ClassVar[RunUpdate.State]
        STATE_ENDED: _ClassVar[RunUpdate.State]
    STATE_UNSPECIFIED: RunUpdate.State
    STATE_ACCEPTED: RunUpdate.State
    STATE_ATTACHED: RunUpdate.State
    STATE_ENDED: RunUpdate.State
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    SPOOLED_SEQ_FIELD_NUMBER: _ClassVar[int]
    BOOT_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    LISTING_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    state: RunUpdate.State
    schema: _stream_pb2.RunSchema
    end: _stream_pb2.RunEnd
    ledger: _stream_pb2.Ledger
    cost: _stream_pb2.Cost
    spooled_seq: int
    boot_ns: int
    wall_ns: int
    note: str
    listing: bytes
    targets: ResolvedTargets
    def __init__(self, run_id: _Optional[bytes] = ..., state: _Optional[_Union[RunUpdate.State, str]] = ..., schema: _Optional[_Union[_stream_pb2.RunSchema, _Mapping]] = ..., end: _Optional[_Union[_stream_pb2.RunEnd, _Mapping]] = ..., ledger: _Optional[_Union[_stream_pb2.Ledger, _Mapping]] = ..., cost: _Optional[_Union[_stream_pb2.Cost, _Mapping]] = ..., spooled_seq: _Optional[int] = ..., boot_ns: _Optional[int] = ..., wall_ns: _Optional[int] = ..., note: _Optional[str] = ..., listing: _Optional[bytes] = ..., targets: _Optional[_Union[ResolvedTargets, _Mapping]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("run_id", "reason")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    reason: str
    def __init__(self, run_id: _Optional[bytes] = ..., reason: _Optional[str] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("boot_ns", "wall_ns", "agent_cpu_percent", "spool_bytes", "unacked_batches")
    BOOT_NS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    AGENT_CPU_PERCENT_FIELD_NUMBER: _ClassVar[int]
    SPOOL_BYTES_FIELD_NUMBER: _ClassVar[int]
    UNACKED_BATCHES_FIELD_NUMBER: _ClassVar[int]
    boot_ns: int
    wall_ns: int
    agent_cpu_percent: float
    spool_bytes: int
    unacked_batches: int
    def __init__(self, boot_ns: _Optional[int] = ..., wall_ns: _Optional[int] = ..., agent_cpu_percent: _Optional[float] = ..., spool_bytes: _Optional[int] = ..., unacked_batches: _Optional[int] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("host_id", "live_runs", "heartbeat_seconds", "wall_ns", "forgotten_runs")
    HOST_ID_FIELD_NUMBER: _ClassVar[int]
    LIVE_RUNS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WALL_NS_FIELD_NUMBER: _ClassVar[int]
    FORGOTTEN_RUNS_FIELD_NUMBER: _ClassVar[int]
    host_id: str
    live_runs: _containers.RepeatedScalarFieldContainer[bytes]
    heartbeat_seconds: int
    wall_ns: int
    forgotten_runs: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, host_id: _Optional[str] = ..., live_runs: _Optional[_Iterable[bytes]] = ..., heartbeat_seconds: _Optional[int] = ..., wall_ns: _Optional[int] = ..., forgotten_runs: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Stop(_message.Message):
    __slots__ = ("run_id", "cause", "message")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    cause: _stream_pb2.EndCause
    message: str
    def __init__(self, run_id: _Optional[bytes] = ..., cause: _Optional[_Union[_stream_pb2.EndCause, str]] = ..., message: _Optional[str] = ...) -> None: ...

class Watch(_message.Message):
    __slots__ = ("run_id", "watched")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    WATCHED_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    watched: bool
    def __init__(self, run_id: _Optional[bytes] = ..., watched: _Optional[bool] = ...) -> None: ...

class SignedEnvelope(_message.Message):
    __slots__ = ("payload", "signature", "record")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    signature: bytes
    record: StartRecord
    def __init__(self, payload: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., record: _Optional[_Union[StartRecord, _Mapping]] = ...) -> None: ...

class StartRecord(_message.Message):
    __slots__ = ("entry", "index", "proof", "note")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    entry: bytes
    index: int
    proof: _containers.RepeatedScalarFieldContainer[bytes]
    note: str
    def __init__(self, entry: _Optional[bytes] = ..., index: _Optional[int] = ..., proof: _Optional[_Iterable[bytes]] = ..., note: _Optional[str] = ...) -> None: ...

class Envelope(_message.Message):
    __slots__ = ("session_id", "runs", "tool", "tool_digest", "params", "filters", "limits", "user", "reason", "approvals", "issued_wall_ns", "not_after_wall_ns", "consent", "reveal", "payload_key", "audit_size", "audit_root", "risk", "team")
    class ParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    TOOL_FIELD_NUMBER: _ClassVar[int]
    TOOL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    APPROVALS_FIELD_NUMBER: _ClassVar[int]
    ISSUED_WALL_NS_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_WALL_NS_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    REVEAL_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_KEY_FIELD_NUMBER: _ClassVar[int]
    AUDIT_SIZE_FIELD_NUMBER: _ClassVar[int]
    AUDIT_ROOT_FIELD_NUMBER: _ClassVar[int]
    RISK_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    session_id: bytes
    runs: _containers.RepeatedCompositeFieldContainer[RunTarget]
    tool: str
    tool_digest: bytes
    params: _containers.ScalarMap[str, str]
    filters: Filters
    limits: RunLimits
    user: str
    reason: str
    approvals: _containers.RepeatedScalarFieldContainer[str]
    issued_wall_ns: int
    not_after_wall_ns: int
    consent: Consent
    reveal: bool
    payload_key: bytes
    audit_size: int
    audit_root: bytes
    risk: _tool_pb2.Risk
    team: str
    def __init__(self, session_id: _Optional[bytes] = ..., runs: _Optional[_Iterable[_Union[RunTarget, _Mapping]]] = ..., tool: _Optional[str] = ..., tool_digest: _Optional[bytes] = ..., params: _Optional[_Mapping[str, str]] = ..., filters: _Optional[_Union[Filters, _Mapping]] = ..., limits: _Optional[_Union[RunLimits, _Mapping]] = ..., user: _Optional[str] = ..., reason: _Optional[str] = ..., approvals: _Optional[_Iterable[str]] = ..., issued_wall_ns: _Optional[int] = ..., not_after_wall_ns: _Optional[int] = ..., consent: _Optional[_Union[Consent, _Mapping]] = ..., reveal: _Optional[bool] = ..., payload_key: _Optional[bytes] = ..., audit_size: _Optional[int] = ..., audit_root: _Optional[bytes] = ..., risk: _Optional[_Union[_tool_pb2.Risk, str]] = ..., team: _Optional[str] = ...) -> None: ...

class Consent(_message.Message):
    __slots__ = ("specification", "signatures")
    SPECIFICATION_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    specification: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[PersonSignature]
    def __init__(self, specification: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[PersonSignature, _Mapping]]] = ...) -> None: ...

class SignedOpening(_message.Message):
    __slots__ = ("payload", "signature")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    signature: bytes
    def __init__(self, payload: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class Opening(_message.Message):
    __slots__ = ("text", "signatures")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    text: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[PersonSignature]
    def __init__(self, text: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[PersonSignature, _Mapping]]] = ...) -> None: ...

class Opened(_message.Message):
    __slots__ = ("opening_id", "run_id", "wrapped_key", "error")
    OPENING_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_KEY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    opening_id: bytes
    run_id: bytes
    wrapped_key: bytes
    error: str
    def __init__(self, opening_id: _Optional[bytes] = ..., run_id: _Optional[bytes] = ..., wrapped_key: _Optional[bytes] = ..., error: _Optional[str] = ...) -> None: ...

class DestroyKeys(_message.Message):
    __slots__ = ("run_ids",)
    RUN_IDS_FIELD_NUMBER: _ClassVar[int]
    run_ids: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, run_ids: _Optional[_Iterable[bytes]] = ...) -> None: ...

class DestroyedKeys(_message.Message):
    __slots__ = ("run_ids",)
    RUN_IDS_FIELD_NUMBER: _ClassVar[int]
    run_ids: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, run_ids: _Optional[_Iterable[bytes]] = ...) -> None: ...

class PersonSignature(_message.Message):
    __slots__ = ("ssh", "passkey")
    SSH_FIELD_NUMBER: _ClassVar[int]
    PASSKEY_FIELD_NUMBER: _ClassVar[int]
    ssh: bytes
    passkey: Assertion
    def __init__(self, ssh: _Optional[bytes] = ..., passkey: _Optional[_Union[Assertion, _Mapping]] = ...) -> None: ...

class Assertion(_message.Message):
    __slots__ = ("authenticator_data", "client_data", "signature")
    AUTHENTICATOR_DATA_FIELD_NUMBER: _ClassVar[int]
    CLIENT_DATA_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    authenticator_data: bytes
    client_data: bytes
    signature: bytes
    def __init__(self, authenticator_data: _Optional[bytes] = ..., client_data: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class RunTarget(_message.Message):
    __slots__ = ("run_id", "host_id", "host_name")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_NAME_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    host_id: str
    host_name: str
    def __init__(self, run_id: _Optional[bytes] = ..., host_id: _Optional[str] = ..., host_name: _Optional[str] = ...) -> None: ...

class SignedAsk(_message.Message):
    __slots__ = ("payload", "signature")
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    payload: bytes
    signature: bytes
    def __init__(self, payload: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class Ask(_message.Message):
    __slots__ = ("ask_id", "host_id", "kind", "text", "pid", "limit", "user", "not_after_wall_ns", "never_uids", "hidden")
    ASK_ID_FIELD_NUMBER: _ClassVar[int]
    HOST_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_WALL_NS_FIELD_NUMBER: _ClassVar[int]
    NEVER_UIDS_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    ask_id: bytes
    host_id: str
    kind: _tool_pb2.NameKind
    text: str
    pid: int
    limit: int
    user: str
    not_after_wall_ns: int
    never_uids: _containers.RepeatedScalarFieldContainer[int]
    hidden: Hidden
    def __init__(self, ask_id: _Optional[bytes] = ..., host_id: _Optional[str] = ..., kind: _Optional[_Union[_tool_pb2.NameKind, str]] = ..., text: _Optional[str] = ..., pid: _Optional[int] = ..., limit: _Optional[int] = ..., user: _Optional[str] = ..., not_after_wall_ns: _Optional[int] = ..., never_uids: _Optional[_Iterable[int]] = ..., hidden: _Optional[_Union[Hidden, _Mapping]] = ...) -> None: ...

class Hidden(_message.Message):
    __slots__ = ("cgroups", "binaries")
    CGROUPS_FIELD_NUMBER: _ClassVar[int]
    BINARIES_FIELD_NUMBER: _ClassVar[int]
    cgroups: _containers.RepeatedScalarFieldContainer[str]
    binaries: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cgroups: _Optional[_Iterable[str]] = ..., binaries: _Optional[_Iterable[str]] = ...) -> None: ...

class Names(_message.Message):
    __slots__ = ("ask_id", "names", "total", "meant", "error")
    ASK_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    MEANT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ask_id: bytes
    names: _containers.RepeatedCompositeFieldContainer[Name]
    total: int
    meant: int
    error: str
    def __init__(self, ask_id: _Optional[bytes] = ..., names: _Optional[_Iterable[_Union[Name, _Mapping]]] = ..., total: _Optional[int] = ..., meant: _Optional[int] = ..., error: _Optional[str] = ...) -> None: ...

class Name(_message.Message):
    __slots__ = ("value", "label", "detail", "since_wall_ns", "risk", "shape")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    SINCE_WALL_NS_FIELD_NUMBER: _ClassVar[int]
    RISK_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    value: str
    label: str
    detail: str
    since_wall_ns: int
    risk: _tool_pb2.Risk
    shape: str
    def __init__(self, value: _Optional[str] = ..., label: _Optional[str] = ..., detail: _Optional[str] = ..., since_wall_ns: _Optional[int] = ..., risk: _Optional[_Union[_tool_pb2.Risk, str]] = ..., shape: _Optional[str] = ...) -> None: ...

class Filters(_message.Message):
    __slots__ = ("pid", "tid", "uid", "comm", "cgroup", "ppid", "container", "pod", "unit", "follow", "exclude")
    PID_FIELD_NUMBER: _ClassVar[int]
    TID_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    COMM_FIELD_NUMBER: _ClassVar[int]
    CGROUP_FIELD_NUMBER: _ClassVar[int]
    PPID_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    POD_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    pid: int
    tid: int
    uid: int
    comm: str
    cgroup: int
    ppid: int
    container: str
    pod: str
    unit: str
    follow: bool
    exclude: Exclusions
    def __init__(self, pid: _Optional[int] = ..., tid: _Optional[int] = ..., uid: _Optional[int] = ..., comm: _Optional[str] = ..., cgroup: _Optional[int] = ..., ppid: _Optional[int] = ..., container: _Optional[str] = ..., pod: _Optional[str] = ..., unit: _Optional[str] = ..., follow: _Optional[bool] = ..., exclude: _Optional[_Union[Exclusions, _Mapping]] = ...) -> None: ...

class Exclusions(_message.Message):
    __slots__ = ("pid", "tid", "uid", "comm", "cgroup", "ppid", "container", "pod", "unit")
    PID_FIELD_NUMBER: _ClassVar[int]
    TID_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    COMM_FIELD_NUMBER: _ClassVar[int]
    CGROUP_FIELD_NUMBER: _ClassVar[int]
    PPID_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    POD_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    pid: _containers.RepeatedScalarFieldContainer[int]
    tid: _containers.RepeatedScalarFieldContainer[int]
    uid: _containers.RepeatedScalarFieldContainer[int]
    comm: _containers.RepeatedScalarFieldContainer[str]
    cgroup: _containers.RepeatedScalarFieldContainer[int]
    ppid: _containers.RepeatedScalarFieldContainer[int]
    container: _containers.RepeatedScalarFieldContainer[str]
    pod: _containers.RepeatedScalarFieldContainer[str]
    unit: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, pid: _Optional[_Iterable[int]] = ..., tid: _Optional[_Iterable[int]] = ..., uid: _Optional[_Iterable[int]] = ..., comm: _Optional[_Iterable[str]] = ..., cgroup: _Optional[_Iterable[int]] = ..., ppid: _Optional[_Iterable[int]] = ..., container: _Optional[_Iterable[str]] = ..., pod: _Optional[_Iterable[str]] = ..., unit: _Optional[_Iterable[str]] = ...) -> None: ...

class ResolvedTargets(_message.Message):
    __slots__ = ("processes", "groups")
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    processes: _containers.RepeatedCompositeFieldContainer[ResolvedProcess]
    groups: _containers.RepeatedCompositeFieldContainer[ResolvedGroup]
    def __init__(self, processes: _Optional[_Iterable[_Union[ResolvedProcess, _Mapping]]] = ..., groups: _Optional[_Iterable[_Union[ResolvedGroup, _Mapping]]] = ...) -> None: ...

class ResolvedProcess(_message.Message):
    __slots__ = ("filter", "pid", "tid", "comm", "started_ticks", "excluded", "children")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    TID_FIELD_NUMBER: _ClassVar[int]
    COMM_FIELD_NUMBER: _ClassVar[int]
    STARTED_TICKS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    filter: str
    pid: int
    tid: int
    comm: str
    started_ticks: int
    excluded: bool
    children: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, filter: _Optional[str] = ..., pid: _Optional[int] = ..., tid: _Optional[int] = ..., comm: _Optional[str] = ..., started_ticks: _Optional[int] = ..., excluded: _Optional[bool] = ..., children: _Optional[_Iterable[int]] = ...) -> None: ...

class ResolvedGroup(_message.Message):
    __slots__ = ("filter", "cgroup", "path", "controller", "container", "runtime", "name", "image", "pod", "namespace", "excluded", "pids")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    CGROUP_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    CONTROLLER_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    POD_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    PIDS_FIELD_NUMBER: _ClassVar[int]
    filter: str
    cgroup: int
    path: str
    controller: str
    container: str
    runtime: str
    name: str
    image: str
    pod: str
    namespace: str
    excluded: bool
    pids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, filter: _Optional[str] = ..., cgroup: _Optional[int] = ..., path: _Optional[str] = ..., controller: _Optional[str] = ..., container: _Optional[str] = ..., runtime: _Optional[str] = ..., name: _Optional[str] = ..., image: _Optional[str] = ..., pod: _Optional[str] = ..., namespace: _Optional[str] = ..., excluded: _Optional[bool] = ..., pids: _Optional[_Iterable[int]] = ...) -> None: ...

class RunLimits(_message.Message):
    __slots__ = ("duration_ms", "rows", "bytes", "events_per_second", "budget_permille", "buffer_bytes")
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    EVENTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    BUDGET_PERMILLE_FIELD_NUMBER: _ClassVar[int]
    BUFFER_BYTES_FIELD_NUMBER: _ClassVar[int]
    duration_ms: int
    rows: int
    bytes: int
    events_per_second: int
    budget_permille: int
    buffer_bytes: int
    def __init__(self, duration_ms: _Optional[int] = ..., rows: _Optional[int] = ..., bytes: _Optional[int] = ..., events_per_second: _Optional[int] = ..., budget_permille: _Optional[int] = ..., buffer_bytes: _Optional[int] = ...) -> None: ...

class DataUp(_message.Message):
    __slots__ = ("frame",)
    FRAME_FIELD_NUMBER: _ClassVar[int]
    frame: bytes
    def __init__(self, frame: _Optional[bytes] = ...) -> None: ...

class DataDown(_message.Message):
    __slots__ = ("ack", "reject")
    ACK_FIELD_NUMBER: _ClassVar[int]
    REJECT_FIELD_NUMBER: _ClassVar[int]
    ack: Ack
    reject: Reject
    def __init__(self, ack: _Optional[_Union[Ack, _Mapping]] = ..., reject: _Optional[_Union[Reject, _Mapping]] = ...) -> None: ...

class Ack(_message.Message):
    __slots__ = ("run_id", "seq")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    seq: int
    def __init__(self, run_id: _Optional[bytes] = ..., seq: _Optional[int] = ...) -> None: ...

class Reject(_message.Message):
    __slots__ = ("run_id", "expected_seq", "reason")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_SEQ_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    run_id: bytes
    expected_seq: int
    reason: str
    def __init__(self, run_id: _Optional[bytes] = ..., expected_seq: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...
