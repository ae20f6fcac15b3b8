"""Python classes for interfaces, with the behaviour of those that upstream's rosidl_generator_py writes.

Upstream generates files at build time; here the same classes are made on first use. As upstream, setters check what
they are given only when ROS_PYTHON_CHECK_FIELDS=1 or `check_fields=True`. One difference: large primitive sequences
that arrive as bytes (from the wire, or assigned) are kept as they are and become `array.array` when first read.
"""

from __future__ import annotations

import array
import copy
import os
import re
import threading
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import numpy as np
from rosidl_parser import definition as d

from . import library
from .checks import field_check, python_value_of
from .errors import InterfaceNotFoundError

# IDL name -> (array.array type code, numpy dtype): the element types that upstream packs
PACKED = {
    "float": ("f", np.float32),
    "double": ("d", np.float64),
    "int8": ("b", np.int8),
    "uint8": ("B", np.uint8),
    "int16": ("h", np.int16),
    "uint16": ("H", np.uint16),
    "int32": ("i", np.int32),
    "uint32": ("I", np.uint32),
    "int64": ("q", np.int64),
    "uint64": ("Q", np.uint64),
}
# Below this many bytes an array.array is as cheap as a view, and does not keep the whole message alive.
LAZY_BYTES = 4096

_classes: dict[str, type] = {}
_lock = threading.RLock()


def get_interface(name: str) -> type:
    """Return the class of 'std_msgs/msg/String', 'std_srvs/srv/Trigger', 'example_interfaces/action/Fibonacci'.

    Derived types ('std_srvs/srv/Trigger_Request') have names too. Raises InterfaceNotFoundError or
    InterfaceSyntaxError, each naming file and reason.
    """
    found = _classes.get(name)
    if found is None:
        with _lock:
            found = _classes.get(name) or _build(name)
    return found


def type_name(cls: type) -> str:
    """Return 'std_msgs/msg/String' of a class; TypeError when it is no interface class."""
    try:
        return cls._TYPE_NAME  # type: ignore[attr-defined]
    except AttributeError:
        raise TypeError(f"{cls!r} is not a message, service or action class") from None


def packed(type_: d.AbstractType) -> str | None:
    """Return the IDL name of the element when the type is an array or sequence of packed numbers."""
    if (
        isinstance(type_, d.AbstractNestedType)
        and isinstance(type_.value_type, d.BasicType)
        and type_.value_type.typename in PACKED
    ):
        return type_.value_type.typename
    return None


def is_empty(members: list[d.Member]) -> bool:
    """Tell whether a structure has only the byte that IDL demands of an empty one."""
    return len(members) == 1 and members[0].name == d.EMPTY_STRUCTURE_REQUIRED_MEMBER_NAME


def module_of(name: str) -> str:
    """Return the module in which upstream defines a class: 'std_srvs.srv._set_bool'."""
    package, kind, stem = name.split("/")
    if kind != "msg":
        stem = stem.partition("_")[0]
    stem = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", stem)
    stem = re.sub("([a-z0-9])([A-Z])", r"\1_\2", stem)
    return f"{package}.{kind}._{stem.lower()}"


def _build(name: str) -> type:
    definition = library.definition(name)
    if isinstance(definition, d.Message):
        built = _build_message(name, definition)
    elif isinstance(definition, d.Service):
        built = _build_service(name, definition)
    else:
        built = _build_action(name, definition)
    _classes[name] = built
    return built


def _class_of(type_: d.NamespacedType, owner: str) -> type:
    try:
        return get_interface(library.reference(type_))
    except InterfaceNotFoundError as e:
        raise InterfaceNotFoundError(f"{owner} refers to a type that cannot be found: {e}") from None


def _frame(name: str, bases: dict[str, Any], metaclass_members: dict[str, Any]) -> type:
    stem = name.rpartition("/")[2]
    metaclass = type(
        f"Metaclass_{stem}",
        (type,),
        {
            "_TYPE_SUPPORT": None,
            "__import_type_support__": classmethod(lambda cls: None),
            "__module__": module_of(name),
            **metaclass_members,
        },
    )
    return metaclass(stem, (), {"__module__": module_of(name), "__qualname__": stem, "_TYPE_NAME": name, **bases})


def _always(value: Any) -> Callable[[Any], Any]:
    """Return a getter of a fixed value, of a copy where it could be changed."""
    return lambda cls: copy.copy(value)


def _refuse(kind: str) -> Callable[[Any], None]:
    def __init__(self: Any) -> None:
        raise NotImplementedError(f"{kind} classes can not be instantiated")

    return __init__


def _build_service(name: str, service: d.Service) -> type:
    parts = {"Request": service.request_message, "Response": service.response_message, "Event": service.event_message}
    members = {n: get_interface(library.reference(m.structure.namespaced_type)) for n, m in parts.items()}
    return _frame(name, {**members, "__init__": _refuse("Service")}, {})


def _build_action(name: str, action: d.Action) -> type:
    def cls(part: d.Message | d.Service) -> type:
        type_ = part.namespaced_type if isinstance(part, d.Service) else part.structure.namespaced_type
        return get_interface(library.reference(type_))

    impl = type(
        "Impl",
        (),
        {
            "SendGoalService": cls(action.send_goal_service),
            "GetResultService": cls(action.get_result_service),
            "FeedbackMessage": cls(action.feedback_message),
            "CancelGoalService": get_interface("action_msgs/srv/CancelGoal"),
            "GoalStatusMessage": get_interface("action_msgs/msg/GoalStatusArray"),
        },
    )
    return _frame(
        name,
        {
            "Goal": cls(action.goal),
            "Result": cls(action.result),
            "Feedback": cls(action.feedback),
            "Impl": impl,
            "__init__": _refuse("Action"),
        },
        {},
    )


def _build_message(name: str, message: d.Message) -> type:
    members = [] if is_empty(message.structure.members) else message.structure.members
    stem = name.rpartition("/")[2]
    constants = {c.name: c.value for c in message.constants}
    defaults = {
        f"{m.name.upper()}__DEFAULT": python_value_of(m.type, m.get_annotation_value("default")["value"])
        for m in members
        if m.has_annotation("default")
    }
    doc = f"Message class '{stem}'."
    if constants:
        doc += "\n\nConstants:\n" + "".join(f"  {c}\n" for c in constants)
    body: dict[str, Any] = {
        "__doc__": doc,
        "__slots__": [*(f"_{m.name}" for m in members), "_check_fields"],
        "_fields_and_field_types": {m.name: type_text(m.type) for m in members},
        "SLOT_TYPES": tuple(m.type for m in members),
        "__init__": _make_init(name, members),
        "__repr__": _repr,
        "__eq__": _make_eq(members),
        "__hash__": None,
        "get_fields_and_field_types": classmethod(lambda cls: dict(cls._fields_and_field_types)),
        "__getstate__": _getstate,
        **constants,
        **defaults,
    }
    for m in members:
        body[m.name] = _make_property(name, m)
    fixed = {n: property(_always(v), doc=f"Message constant '{n}'.") for n, v in constants.items()}
    fixed |= {n: property(_always(v)) for n, v in defaults.items()}
    return _frame(name, body, fixed)


def type_text(type_: d.AbstractType) -> str:
    """Spell a type as `get_fields_and_field_types` does: 'sequence<double, 3>', 'std_msgs/Header'."""
    if isinstance(type_, d.BoundedSequence):
        return f"sequence<{type_text(type_.value_type)}, {type_.maximum_size}>"
    if isinstance(type_, d.UnboundedSequence):
        return f"sequence<{type_text(type_.value_type)}>"
    if isinstance(type_, d.Array):
        return f"{type_text(type_.value_type)}[{type_.size}]"
    if isinstance(type_, d.BasicType):
        return type_.typename
    if isinstance(type_, d.NamespacedType):
        return f"{type_.namespaces[0]}/{type_.name}"
    assert isinstance(type_, d.AbstractGenericString)
    bound = f"<{type_.maximum_size}>" if isinstance(type_, d.BoundedString | d.BoundedWString) else ""
    return ("wstring" if isinstance(type_, d.AbstractWString) else "string") + bound


def to_sequence(code: str, value: Any) -> array.array | memoryview:
    """Turn what was assigned to a packed sequence into what is stored, without a Python loop where it can be."""
    if type(value) is bytes and len(value) >= LAZY_BYTES:
        return memoryview(value).cast(code)  # type: ignore[call-overload]  # immutable, so no copy is needed; ValueError on a ragged length
    if isinstance(value, np.ndarray):
        if value.ndim == 1 and value.dtype == np.dtype(code):
            return array.array(code, value.tobytes())
        value = value.tolist()
    elif isinstance(value, memoryview):
        value = value.tobytes() if value.format == code else value.tolist()
    return array.array(code, value)


def _default_of(name: str, m: d.Member, scope: dict[str, Any]) -> str:
    """Return source that makes a fresh default of a member; what it refers to is put into `scope`."""
    type_ = m.type
    if m.has_annotation("default"):
        return f"cls.{m.name.upper()}__DEFAULT"
    if isinstance(type_, d.AbstractSequence):
        return f"array({PACKED[packed(type_) or ''][0]!r})" if packed(type_) else "[]"
    if isinstance(type_, d.Array) and packed(type_):
        scope[f"t_{m.name}"] = PACKED[packed(type_) or ""][1]
        return f"zeros({type_.size}, t_{m.name})"
    inner = type_.value_type if isinstance(type_, d.Array) else type_
    if isinstance(inner, d.NamespacedType):
        scope[f"c_{m.name}"] = _class_of(inner, name)
        text = f"c_{m.name}()"
    elif isinstance(inner, d.AbstractGenericString):
        text = "''"
    else:
        assert isinstance(inner, d.BasicType)
        text = {"boolean": "False", "octet": r"b'\0'", "float": "0.0", "double": "0.0"}.get(inner.typename, "0")
    return f"[{text} for _ in range({type_.size})]" if isinstance(type_, d.Array) else text


def _make_init(name: str, members: list[d.Member]) -> Callable[..., None]:
    scope: dict[str, Any] = {
        "array": array.array,
        "zeros": np.zeros,
        "np_array": np.array,
        "CHECK": os.environ.get("ROS_PYTHON_CHECK_FIELDS", "") == "1",
        "check_names": _check_names,
    }
    plain, given = [], []
    for m in members:
        fresh = _default_of(name, m, scope)
        # a default given in the file passes the setter, because it may have to be converted; others need not
        plain.append(f"self.{m.name} = {fresh}" if m.has_annotation("default") else f"self._{m.name} = {fresh}")
        given.append(f"if '{m.name}' in kwargs: self.{m.name} = kwargs['{m.name}']")
        if isinstance(m.type, d.Array) and packed(m.type):
            scope[f"t_{m.name}"] = PACKED[packed(m.type) or ""][1]
            given[-1] = (
                f"if '{m.name}' in kwargs:\n            "
                f"self.{m.name} = np_array(kwargs['{m.name}'], t_{m.name})\n            "
                f"assert self._{m.name}.shape == ({m.type.size},)"
            )
        elif isinstance(m.type, d.AbstractSequence) and packed(m.type):
            scope[f"s_{m.name}"] = PACKED[packed(m.type) or ""][0]
            scope["to_sequence"] = to_sequence
            # upstream makes an array.array of whatever is given before the setter sees it
            given[-1] = (
                f"if '{m.name}' in kwargs:\n            "
                f"v = to_sequence(s_{m.name}, kwargs['{m.name}'])\n            "
                f"if type(v) is memoryview: self._{m.name} = v\n            "
                f"else: self.{m.name} = v"
            )
        given.append(f"else: {plain[-1]}")
    lines = [
        "def __init__(self, **kwargs):",
        "    cls = self.__class__",
        "    if not kwargs:",
        "        self._check_fields = CHECK",
        *(f"        {p}" for p in plain),
        "        return",
        "    self._check_fields = kwargs['check_fields'] if 'check_fields' in kwargs else CHECK",
        "    if self._check_fields: check_names(self, kwargs)",
        *("    " + g.replace("\n            ", "\n        ") for g in given),
    ]
    exec(compile("\n".join(lines), f"<{name}.__init__>", "exec"), scope)
    return scope["__init__"]


def _check_names(self: Any, kwargs: dict[str, Any]) -> None:
    wrong = sorted(k for k in kwargs if f"_{k}" not in self.__slots__)
    if wrong:
        raise AssertionError(f"Invalid arguments passed to constructor: {', '.join(wrong)}")


def _make_property(name: str, m: d.Member) -> property:
    slot, type_ = f"_{m.name}", m.type
    nested = type_.value_type if isinstance(type_, d.AbstractNestedType) else type_
    cls = _class_of(nested, name) if isinstance(nested, d.NamespacedType) else None
    scope: dict[str, Any] = {
        "check": field_check(m.name, type_, cls),
        "array": array.array,
        "ndarray": np.ndarray,
        "np_array": np.array,
        "to_sequence": to_sequence,
    }
    getter: Callable[[Any], Any] = attrgetter(slot)
    lines = ["def set(self, value):", "    if self._check_fields:"]
    if packed(type_):
        code, dtype = PACKED[packed(type_) or ""]
        scope |= {"code": code, "dtype": dtype}
        kind, convert = (
            ("ndarray", "np_array(value, dtype)")
            if isinstance(type_, d.Array)
            else ("array", "to_sequence(code, value)")
        )
        lines += [
            "        check(value)",
            f"        if isinstance(value, {kind}):",
            f"            self.{slot} = value",
            "            return",
            f"    self.{slot} = {convert}",
        ]
        if isinstance(type_, d.AbstractSequence):
            lines += [
                "def get(self):",
                f"    value = self.{slot}",
                "    if type(value) is memoryview:",
                "        view, value = value, array(code)",
                "        value.frombytes(view.cast('B'))",
                f"        self.{slot} = value",
                "    return value",
            ]
    else:
        lines += ["        check(value)", f"    self.{slot} = value"]
    exec(compile("\n".join(lines), f"<{name}.{m.name}>", "exec"), scope)
    return property(scope.get("get", getter), scope["set"], doc=f"Message field '{m.name}'.")


def _fields(message: Any) -> Iterator[tuple[str, Any, d.AbstractType]]:
    for field, type_ in zip(message._fields_and_field_types, message.SLOT_TYPES, strict=True):
        yield field, getattr(message, field), type_


def _repr(self: Any) -> str:
    args = []
    for field, value, type_ in _fields(self):
        text = repr(value)
        if isinstance(type_, d.AbstractSequence) and packed(type_):
            text = text[len("array('X', ") : -1] if len(value) else "[]"
        args.append(f"{field}={text}")
    module = self.__class__.__module__.rpartition(".")[0]
    return f"{module}.{self.__class__.__name__}({', '.join(args)})"


def _make_eq(members: list[d.Member]) -> Callable[[Any, object], bool]:
    arrays = frozenset(m.name for m in members if isinstance(m.type, d.Array) and packed(m.type))
    names = [m.name for m in members]

    def __eq__(self: Any, other: object) -> bool:
        if not isinstance(other, self.__class__):
            return False
        for name in names:
            a, b = getattr(self, name), getattr(other, name)
            if not np.array_equal(a, b) if name in arrays else a != b:
                return False
        return True

    return __eq__


def _getstate(self: Any) -> tuple[None, dict[str, Any]]:
    """Let messages be copied and pickled although a slot may hold a view."""
    for field, _, _ in _fields(self):
        getattr(self, field)
    return None, {slot: getattr(self, slot) for slot in self.__slots__}
