from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KIND_UNSPECIFIED: _ClassVar[Kind]
    KIND_EVENTS: _ClassVar[Kind]
    KIND_TOP: _ClassVar[Kind]
    KIND_HISTOGRAM: _ClassVar[Kind]
    KIND_STACKS: _ClassVar[Kind]
    KIND_COUNTERS: _ClassVar[Kind]
    KIND_BYTES: _ClassVar[Kind]

class Risk(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RISK_UNSPECIFIED: _ClassVar[Risk]
    RISK_S0: _ClassVar[Risk]
    RISK_S1: _ClassVar[Risk]
    RISK_S2: _ClassVar[Risk]
    RISK_S3: _ClassVar[Risk]

class TaskMeaning(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_MEANING_UNSPECIFIED: _ClassVar[TaskMeaning]
    TASK_MEANING_CALLER: _ClassVar[TaskMeaning]
    TASK_MEANING_SWITCHED_OUT: _ClassVar[TaskMeaning]
    TASK_MEANING_WOKEN: _ClassVar[TaskMeaning]
    TASK_MEANING_SAMPLED: _ClassVar[TaskMeaning]
    TASK_MEANING_NONE: _ClassVar[TaskMeaning]
    TASK_MEANING_SOCKET: _ClassVar[TaskMeaning]

class Filter(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILTER_UNSPECIFIED: _ClassVar[Filter]
    FILTER_PID: _ClassVar[Filter]
    FILTER_TID: _ClassVar[Filter]
    FILTER_UID: _ClassVar[Filter]
    FILTER_COMM: _ClassVar[Filter]
    FILTER_CGROUP: _ClassVar[Filter]
    FILTER_PPID: _ClassVar[Filter]

class HostMerge(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOST_MERGE_UNSPECIFIED: _ClassVar[HostMerge]
    HOST_MERGE_INTERLEAVE: _ClassVar[HostMerge]
    HOST_MERGE_SUM: _ClassVar[HostMerge]

class NameKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NAME_KIND_UNSPECIFIED: _ClassVar[NameKind]
    NAME_KIND_PROCESS: _ClassVar[NameKind]
    NAME_KIND_COMM: _ClassVar[NameKind]
    NAME_KIND_LIBRARY: _ClassVar[NameKind]
    NAME_KIND_FUNCTION: _ClassVar[NameKind]
    NAME_KIND_USDT: _ClassVar[NameKind]
    NAME_KIND_TRACEPOINT: _ClassVar[NameKind]
    NAME_KIND_PTY: _ClassVar[NameKind]
    NAME_KIND_USER: _ClassVar[NameKind]
    NAME_KIND_CONTAINER: _ClassVar[NameKind]
    NAME_KIND_UNIT: _ClassVar[NameKind]
    NAME_KIND_POD: _ClassVar[NameKind]
    NAME_KIND_FIELD: _ClassVar[NameKind]

class ParamType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARAM_TYPE_UNSPECIFIED: _ClassVar[ParamType]
    PARAM_TYPE_INT: _ClassVar[ParamType]
    PARAM_TYPE_BOOL: _ClassVar[ParamType]
    PARAM_TYPE_ENUM: _ClassVar[ParamType]
    PARAM_TYPE_DURATION: _ClassVar[ParamType]
    PARAM_TYPE_FUNCTION: _ClassVar[ParamType]
    PARAM_TYPE_PATH: _ClassVar[ParamType]
    PARAM_TYPE_TERMINAL: _ClassVar[ParamType]
    PARAM_TYPE_TRACEPOINT: _ClassVar[ParamType]
    PARAM_TYPE_ARGUMENTS: _ClassVar[ParamType]
    PARAM_TYPE_USDT: _ClassVar[ParamType]
    PARAM_TYPE_FIELDS: _ClassVar[ParamType]
    PARAM_TYPE_CONDITIONS: _ClassVar[ParamType]

class ProbeType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROBE_TYPE_UNSPECIFIED: _ClassVar[ProbeType]
    PROBE_TYPE_TRACEPOINT: _ClassVar[ProbeType]
    PROBE_TYPE_RAW_TRACEPOINT: _ClassVar[ProbeType]
    PROBE_TYPE_UPROBE: _ClassVar[ProbeType]
    PROBE_TYPE_URETPROBE: _ClassVar[ProbeType]
    PROBE_TYPE_USDT: _ClassVar[ProbeType]
    PROBE_TYPE_PERF_TIMER: _ClassVar[ProbeType]
    PROBE_TYPE_KPROBE: _ClassVar[ProbeType]
    PROBE_TYPE_KRETPROBE: _ClassVar[ProbeType]
    PROBE_TYPE_UPROBE_EMULATED: _ClassVar[ProbeType]

class Dynamic(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DYNAMIC_UNSPECIFIED: _ClassVar[Dynamic]
    DYNAMIC_TRACEPOINT: _ClassVar[Dynamic]
    DYNAMIC_CALL: _ClassVar[Dynamic]
    DYNAMIC_USDT: _ClassVar[Dynamic]

class CType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CTYPE_UNSPECIFIED: _ClassVar[CType]
    CTYPE_U8: _ClassVar[CType]
    CTYPE_U16: _ClassVar[CType]
    CTYPE_U32: _ClassVar[CType]
    CTYPE_U64: _ClassVar[CType]
    CTYPE_S32: _ClassVar[CType]
    CTYPE_S64: _ClassVar[CType]
    CTYPE_CHAR: _ClassVar[CType]
    CTYPE_STRING: _ClassVar[CType]
    CTYPE_STACK: _ClassVar[CType]
    CTYPE_NAME: _ClassVar[CType]

class Unit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNIT_UNSPECIFIED: _ClassVar[Unit]
    UNIT_NONE: _ClassVar[Unit]
    UNIT_NANOSECONDS: _ClassVar[Unit]
    UNIT_MICROSECONDS: _ClassVar[Unit]
    UNIT_BYTES: _ClassVar[Unit]
    UNIT_COUNT: _ClassVar[Unit]
    UNIT_PERCENT: _ClassVar[Unit]
    UNIT_ERRNO: _ClassVar[Unit]
    UNIT_PID: _ClassVar[Unit]
    UNIT_TID: _ClassVar[Unit]
    UNIT_UID: _ClassVar[Unit]
    UNIT_FD: _ClassVar[Unit]
    UNIT_OPEN_FLAGS: _ClassVar[Unit]
    UNIT_SIGNAL: _ClassVar[Unit]
    UNIT_PORT: _ClassVar[Unit]
    UNIT_IP_ADDRESS: _ClassVar[Unit]
    UNIT_FILE_PATH: _ClassVar[Unit]
    UNIT_ARGV: _ClassVar[Unit]
    UNIT_COMM: _ClassVar[Unit]
    UNIT_SYSCALL: _ClassVar[Unit]
    UNIT_FUNCTION: _ClassVar[Unit]
    UNIT_LOG2_SLOT: _ClassVar[Unit]
    UNIT_BOOT_TIME: _ClassVar[Unit]
    UNIT_CGROUP: _ClassVar[Unit]
    UNIT_EXIT_CODE: _ClassVar[Unit]
    UNIT_WORD: _ClassVar[Unit]
    UNIT_CONTAINER: _ClassVar[Unit]
    UNIT_TERMINAL: _ClassVar[Unit]
    UNIT_CONNECTION: _ClassVar[Unit]
    UNIT_DIRECTION: _ClassVar[Unit]
    UNIT_SCREEN_ROWS: _ClassVar[Unit]
    UNIT_SCREEN_COLUMNS: _ClassVar[Unit]
    UNIT_ADDRESS: _ClassVar[Unit]
    UNIT_HEX: _ClassVar[Unit]

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_TIME: _ClassVar[Role]
    ROLE_KEY: _ClassVar[Role]
    ROLE_MEASURE: _ClassVar[Role]
    ROLE_BUCKET: _ClassVar[Role]
    ROLE_TEXT: _ClassVar[Role]
    ROLE_STACK: _ClassVar[Role]
    ROLE_PAYLOAD: _ClassVar[Role]

class Sensitivity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SENSITIVITY_UNSPECIFIED: _ClassVar[Sensitivity]
    SENSITIVITY_PUBLIC: _ClassVar[Sensitivity]
    SENSITIVITY_NAMES: _ClassVar[Sensitivity]
    SENSITIVITY_CONTENT: _ClassVar[Sensitivity]
KIND_UNSPECIFIED: Kind
KIND_EVENTS: Kind
KIND_TOP: Kind
KIND_HISTOGRAM: Kind
KIND_STACKS: Kind
KIND_COUNTERS: Kind
KIND_BYTES: Kind
RISK_UNSPECIFIED: Risk
RISK_S0: Risk
RISK_S1: Risk
RISK_S2: Risk
RISK_S3: Risk
TASK_MEANING_UNSPECIFIED: TaskMeaning
TASK_MEANING_CALLER: TaskMeaning
TASK_MEANING_SWITCHED_OUT: TaskMeaning
TASK_MEANING_WOKEN: TaskMeaning
TASK_MEANING_SAMPLED: TaskMeaning
TASK_MEANING_NONE: TaskMeaning
TASK_MEANING_SOCKET: TaskMeaning
FILTER_UNSPECIFIED: Filter
FILTER_PID: Filter
FILTER_TID: Filter
FILTER_UID: Filter
FILTER_COMM: Filter
FILTER_CGROUP: Filter
FILTER_PPID: Filter
HOST_MERGE_UNSPECIFIED: HostMerge
HOST_MERGE_INTERLEAVE: HostMerge
HOST_MERGE_SUM: HostMerge
NAME_KIND_UNSPECIFIED: NameKind
NAME_KIND_PROCESS: NameKind
NAME_KIND_COMM: NameKind
NAME_KIND_LIBRARY: NameKind
NAME_KIND_FUNCTION: NameKind
NAME_KIND_USDT: NameKind
NAME_KIND_TRACEPOINT: NameKind
NAME_KIND_PTY: NameKind
NAME_KIND_USER: NameKind
NAME_KIND_CONTAINER: NameKind
NAME_KIND_UNIT: NameKind
NAME_KIND_POD: NameKind
NAME_KIND_FIELD: NameKind
PARAM_TYPE_UNSPECIFIED: ParamType
PARAM_TYPE_INT: ParamType
PARAM_TYPE_BOOL: ParamType
PARAM_TYPE_ENUM: ParamType
PARAM_TYPE_DURATION: ParamType
PARAM_TYPE_FUNCTION: ParamType
PARAM_TYPE_PATH: ParamType
PARAM_TYPE_TERMINAL: ParamType
PARAM_TYPE_TRACEPOINT: ParamType
PARAM_TYPE_ARGUMENTS: ParamType
PARAM_TYPE_USDT: ParamType
PARAM_TYPE_FIELDS: ParamType
PARAM_TYPE_CONDITIONS: ParamType
PROBE_TYPE_UNSPECIFIED: ProbeType
PROBE_TYPE_TRACEPOINT: ProbeType
PROBE_TYPE_RAW_TRACEPOINT: ProbeType
PROBE_TYPE_UPROBE: ProbeType
PROBE_TYPE_URETPROBE: ProbeType
PROBE_TYPE_USDT: ProbeType
PROBE_TYPE_PERF_TIMER: ProbeType
PROBE_TYPE_KPROBE: ProbeType
PROBE_TYPE_KRETPROBE: ProbeType
PROBE_TYPE_UPROBE_EMULATED: ProbeType
DYNAMIC_UNSPECIFIED: Dynamic
DYNAMIC_TRACEPOINT: Dynamic
DYNAMIC_CALL: Dynamic
DYNAMIC_USDT: Dynamic
CTYPE_UNSPECIFIED: CType
CTYPE_U8: CType
CTYPE_U16: CType
CTYPE_U32: CType
CTYPE_U64: CType
CTYPE_S32: CType
CTYPE_S64: CType
CTYPE_CHAR: CType
CTYPE_STRING: CType
CTYPE_STACK: CType
CTYPE_NAME: CType
UNIT_UNSPECIFIED: Unit
UNIT_NONE: Unit
UNIT_NANOSECONDS: Unit
UNIT_MICROSECONDS: Unit
UNIT_BYTES: Unit
UNIT_COUNT: Unit
UNIT_PERCENT: Unit
UNIT_ERRNO: Unit
UNIT_PID: Unit
UNIT_TID: Unit
UNIT_UID: Unit
UNIT_FD: Unit
UNIT_OPEN_FLAGS: Unit
UNIT_SIGNAL: Unit
UNIT_PORT: Unit
UNIT_IP_ADDRESS: Unit
UNIT_FILE_PATH: Unit
UNIT_ARGV: Unit
UNIT_COMM: Unit
UNIT_SYSCALL: Unit
UNIT_FUNCTION: Unit
UNIT_LOG2_SLOT: Unit
UNIT_BOOT_TIME: Unit
UNIT_CGROUP: Unit
UNIT_EXIT_CODE: Unit
UNIT_WORD: Unit
UNIT_CONTAINER: Unit
UNIT_TERMINAL: Unit
UNIT_CONNECTION: Unit
UNIT_DIRECTION: Unit
UNIT_SCREEN_ROWS: Unit
UNIT_SCREEN_COLUMNS: Unit
UNIT_ADDRESS: Unit
UNIT_HEX: Unit
ROLE_UNSPECIFIED: Role
ROLE_TIME: Role
ROLE_KEY: Role
ROLE_MEASURE: Role
ROLE_BUCKET: Role
ROLE_TEXT: Role
ROLE_STACK: Role
ROLE_PAYLOAD: Role
SENSITIVITY_UNSPECIFIED: Sensitivity
SENSITIVITY_PUBLIC: Sensitivity
SENSITIVITY_NAMES: Sensitivity
SENSITIVITY_CONTENT: Sensitivity

class Tool(_message.Message):
    __slots__ = ("name", "title", "summary", "category", "risk", "task", "filters", "params", "variants", "streams", "limits", "compare", "merge", "overhead", "no_filter")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    RISK_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    COMPARE_FIELD_NUMBER: _ClassVar[int]
    MERGE_FIELD_NUMBER: _ClassVar[int]
    OVERHEAD_FIELD_NUMBER: _ClassVar[int]
    NO_FILTER_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    summary: str
    category: str
    risk: Risk
    task: TaskMeaning
    filters: _containers.RepeatedScalarFieldContainer[Filter]
    params: _containers.RepeatedCompositeFieldContainer[Param]
    variants: _containers.RepeatedCompositeFieldContainer[Variant]
    streams: _containers.RepeatedCompositeFieldContainer[Stream]
    limits: Limits
    compare: _containers.RepeatedScalarFieldContainer[str]
    merge: HostMerge
    overhead: str
    no_filter: str
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ..., summary: _Optional[str] = ..., category: _Optional[str] = ..., risk: _Optional[_Union[Risk, str]] = ..., task: _Optional[_Union[TaskMeaning, str]] = ..., filters: _Optional[_Iterable[_Union[Filter, str]]] = ..., params: _Optional[_Iterable[_Union[Param, _Mapping]]] = ..., variants: _Optional[_Iterable[_Union[Variant, _Mapping]]] = ..., streams: _Optional[_Iterable[_Union[Stream, _Mapping]]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., compare: _Optional[_Iterable[str]] = ..., merge: _Optional[_Union[HostMerge, str]] = ..., overhead: _Optional[str] = ..., no_filter: _Optional[str] = ...) -> None: ...

class Param(_message.Message):
    __slots__ = ("name", "type", "default", "required", "min", "max", "choices", "help", "unit", "macro", "hint")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    HELP_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    MACRO_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: ParamType
    default: str
    required: bool
    min: int
    max: int
    choices: _containers.RepeatedScalarFieldContainer[str]
    help: str
    unit: str
    macro: str
    hint: NameKind
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[ParamType, str]] = ..., default: _Optional[str] = ..., required: _Optional[bool] = ..., min: _Optional[int] = ..., max: _Optional[int] = ..., choices: _Optional[_Iterable[str]] = ..., help: _Optional[str] = ..., unit: _Optional[str] = ..., macro: _Optional[str] = ..., hint: _Optional[_Union[NameKind, str]] = ...) -> None: ...

class Variant(_message.Message):
    __slots__ = ("name", "probes", "loses", "defines")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROBES_FIELD_NUMBER: _ClassVar[int]
    LOSES_FIELD_NUMBER: _ClassVar[int]
    DEFINES_FIELD_NUMBER: _ClassVar[int]
    name: str
    probes: _containers.RepeatedCompositeFieldContainer[Probe]
    loses: str
    defines: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., probes: _Optional[_Iterable[_Union[Probe, _Mapping]]] = ..., loses: _Optional[str] = ..., defines: _Optional[_Iterable[str]] = ...) -> None: ...

class Probe(_message.Message):
    __slots__ = ("type", "target", "program", "optional", "when", "mapped")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    MAPPED_FIELD_NUMBER: _ClassVar[int]
    type: ProbeType
    target: str
    program: str
    optional: bool
    when: str
    mapped: bool
    def __init__(self, type: _Optional[_Union[ProbeType, str]] = ..., target: _Optional[str] = ..., program: _Optional[str] = ..., optional: _Optional[bool] = ..., when: _Optional[str] = ..., mapped: _Optional[bool] = ...) -> None: ...

class Stream(_message.Message):
    __slots__ = ("name", "kind", "title", "columns", "capacity", "hits", "dynamic")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    HITS_FIELD_NUMBER: _ClassVar[int]
    DYNAMIC_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: Kind
    title: str
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    capacity: int
    hits: str
    dynamic: Dynamic
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[Kind, str]] = ..., title: _Optional[str] = ..., columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ..., capacity: _Optional[int] = ..., hits: _Optional[str] = ..., dynamic: _Optional[_Union[Dynamic, str]] = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ("name", "type", "size", "classes", "unit", "role", "sensitivity", "help", "when", "title", "hidden", "symbols", "flags", "at_entry")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    HELP_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    AT_ENTRY_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: CType
    size: int
    classes: _containers.RepeatedScalarFieldContainer[int]
    unit: Unit
    role: Role
    sensitivity: Sensitivity
    help: str
    when: str
    title: str
    hidden: bool
    symbols: _containers.RepeatedCompositeFieldContainer[Symbol]
    flags: bool
    at_entry: bool
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[CType, str]] = ..., size: _Optional[int] = ..., classes: _Optional[_Iterable[int]] = ..., unit: _Optional[_Union[Unit, str]] = ..., role: _Optional[_Union[Role, str]] = ..., sensitivity: _Optional[_Union[Sensitivity, str]] = ..., help: _Optional[str] = ..., when: _Optional[str] = ..., title: _Optional[str] = ..., hidden: _Optional[bool] = ..., symbols: _Optional[_Iterable[_Union[Symbol, _Mapping]]] = ..., flags: _Optional[bool] = ..., at_entry: _Optional[bool] = ...) -> None: ...

class Symbol(_message.Message):
    __slots__ = ("value", "name")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    value: int
    name: str
    def __init__(self, value: _Optional[int] = ..., name: _Optional[str] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("duration_seconds", "rows", "bytes", "events_per_second", "budget_permille")
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    EVENTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    BUDGET_PERMILLE_FIELD_NUMBER: _ClassVar[int]
    duration_seconds: Bound
    rows: Bound
    bytes: Bound
    events_per_second: Bound
    budget_permille: Bound
    def __init__(self, duration_seconds: _Optional[_Union[Bound, _Mapping]] = ..., rows: _Optional[_Union[Bound, _Mapping]] = ..., bytes: _Optional[_Union[Bound, _Mapping]] = ..., events_per_second: _Optional[_Union[Bound, _Mapping]] = ..., budget_permille: _Optional[_Union[Bound, _Mapping]] = ...) -> None: ...

class Bound(_message.Message):
    __slots__ = ("default", "max")
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    default: int
    max: int
    def __init__(self, default: _Optional[int] = ..., max: _Optional[int] = ...) -> None: ...
