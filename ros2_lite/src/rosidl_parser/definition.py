"""The vocabulary of interface types: what a member of a message, service or action can be.

Message classes carry these objects in `SLOT_TYPES`; the CDR code and the type hash are derived from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

SIGNED_NONEXPLICIT_INTEGER_TYPES = ("short", "long", "long long")
UNSIGNED_NONEXPLICIT_INTEGER_TYPES = ("unsigned short", "unsigned long", "unsigned long long")
NONEXPLICIT_INTEGER_TYPES = SIGNED_NONEXPLICIT_INTEGER_TYPES + UNSIGNED_NONEXPLICIT_INTEGER_TYPES
FLOATING_POINT_TYPES = ("float", "double", "long double")
CHARACTER_TYPES = ("char", "wchar")
BOOLEAN_TYPE = "boolean"
OCTET_TYPE = "octet"
SIGNED_EXPLICIT_INTEGER_TYPES = ("int8", "int16", "int32", "int64")
UNSIGNED_EXPLICIT_INTEGER_TYPES = ("uint8", "uint16", "uint32", "uint64")
EXPLICIT_INTEGER_TYPES = SIGNED_EXPLICIT_INTEGER_TYPES + UNSIGNED_EXPLICIT_INTEGER_TYPES
SIGNED_INTEGER_TYPES = SIGNED_NONEXPLICIT_INTEGER_TYPES + SIGNED_EXPLICIT_INTEGER_TYPES
UNSIGNED_INTEGER_TYPES = UNSIGNED_NONEXPLICIT_INTEGER_TYPES + UNSIGNED_EXPLICIT_INTEGER_TYPES
INTEGER_TYPES = SIGNED_INTEGER_TYPES + UNSIGNED_INTEGER_TYPES
BASIC_TYPES = (*INTEGER_TYPES, *FLOATING_POINT_TYPES, *CHARACTER_TYPES, BOOLEAN_TYPE, OCTET_TYPE)

EMPTY_STRUCTURE_REQUIRED_MEMBER_NAME = "structure_needs_at_least_one_member"
CONSTANT_MODULE_SUFFIX = "_Constants"
SERVICE_REQUEST_MESSAGE_SUFFIX = "_Request"
SERVICE_RESPONSE_MESSAGE_SUFFIX = "_Response"
SERVICE_EVENT_MESSAGE_SUFFIX = "_Event"
ACTION_GOAL_SUFFIX = "_Goal"
ACTION_RESULT_SUFFIX = "_Result"
ACTION_FEEDBACK_SUFFIX = "_Feedback"
ACTION_GOAL_SERVICE_SUFFIX = "_SendGoal"
ACTION_RESULT_SERVICE_SUFFIX = "_GetResult"
ACTION_FEEDBACK_MESSAGE_SUFFIX = "_FeedbackMessage"


class AbstractType:
    """Base of all types; two are equal when class and slots are."""

    __slots__: tuple[str, ...] = ()

    def _key(self) -> tuple[Any, ...]:
        return tuple(getattr(self, s) for c in type(self).__mro__ for s in getattr(c, "__slots__", ()))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self).__name__, repr(self._key())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._key()))})"


class AbstractNestableType(AbstractType):
    """A type that may be the element of an array or a sequence."""

    __slots__ = ()


class BasicType(AbstractNestableType):
    """A number, character, boolean or octet, by its IDL name."""

    __slots__ = ("typename",)

    def __init__(self, typename: str) -> None:
        if typename not in BASIC_TYPES:
            raise AssertionError(f"'{typename}' is not a basic IDL type")
        self.typename = typename


class NamedType(AbstractNestableType):
    """A type known by a name that is not resolved yet."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class NamespacedType(AbstractNestableType):
    """A structure: its namespaces (package, 'msg'|'srv'|'action') and its name."""

    __slots__ = ("name", "namespaces")

    def __init__(self, namespaces: Iterable[str], name: str) -> None:
        self.namespaces = list(namespaces)
        self.name = name

    def namespaced_name(self) -> tuple[str, ...]:
        """Return namespaces and name in one tuple."""
        return (*self.namespaces, self.name)


class AbstractGenericString(AbstractNestableType):
    """Any string."""

    __slots__ = ()

    def has_maximum_size(self) -> bool:
        """Tell whether the string is bounded."""
        return hasattr(self, "maximum_size")


class AbstractString(AbstractGenericString):
    """A string of 8-bit characters (UTF-8 on the wire)."""

    __slots__ = ()


class BoundedString(AbstractString):
    """A string of at most `maximum_size` characters."""

    __slots__ = ("maximum_size",)

    def __init__(self, maximum_size: int) -> None:
        self.maximum_size = maximum_size


class UnboundedString(AbstractString):
    """A string of any length."""

    __slots__ = ()


class AbstractWString(AbstractGenericString):
    """A string of 16-bit characters."""

    __slots__ = ()


class BoundedWString(AbstractWString):
    """A wide string of at most `maximum_size` characters."""

    __slots__ = ("maximum_size",)

    def __init__(self, maximum_size: int) -> None:
        self.maximum_size = maximum_size


class UnboundedWString(AbstractWString):
    """A wide string of any length."""

    __slots__ = ()


class AbstractNestedType(AbstractType):
    """An array or a sequence of `value_type`."""

    __slots__ = ("value_type",)

    def __init__(self, value_type: AbstractNestableType) -> None:
        if not isinstance(value_type, AbstractNestableType):
            raise AssertionError(f"{value_type!r} cannot be an element type")
        self.value_type = value_type

    def has_maximum_size(self) -> bool:
        """Tell whether the number of elements is bounded."""
        return not isinstance(self, UnboundedSequence)


class Array(AbstractNestedType):
    """Exactly `size` elements."""

    __slots__ = ("size",)

    def __init__(self, value_type: AbstractNestableType, size: int) -> None:
        super().__init__(value_type)
        if size <= 0:
            raise AssertionError(f"array size {size} must be positive")
        self.size = size


class AbstractSequence(AbstractNestedType):
    """A number of elements that varies."""

    __slots__ = ()


class BoundedSequence(AbstractSequence):
    """At most `maximum_size` elements."""

    __slots__ = ("maximum_size",)

    def __init__(self, value_type: AbstractNestableType, maximum_size: int) -> None:
        super().__init__(value_type)
        if maximum_size <= 0:
            raise AssertionError(f"sequence bound {maximum_size} must be positive")
        self.maximum_size = maximum_size


class UnboundedSequence(AbstractSequence):
    """Any number of elements."""

    __slots__ = ()


class Annotation:
    """A named remark on a type or member (`default`, `unit`, `verbatim`)."""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value


class Annotatable:
    """Something that can carry annotations."""

    __slots__ = ("annotations",)

    def __init__(self) -> None:
        self.annotations: list[Annotation] = []

    def get_annotation_values(self, name: str) -> list[Any]:
        """Return the values of all annotations called `name`."""
        return [a.value for a in self.annotations if a.name == name]

    def get_annotation_value(self, name: str) -> Any:
        """Return the value of the one annotation called `name`; ValueError when there is not exactly one."""
        values = self.get_annotation_values(name)
        if not values:
            raise ValueError(f"No '{name}' annotation")
        if len(values) > 1:
            raise ValueError(f"Multiple '{name}' annotations")
        return values[0]

    def get_comment_lines(self) -> list[str]:
        """Return the lines of the comments kept with this element."""
        texts = [v["text"] for v in self.get_annotation_values("verbatim") if v.get("language") == "comment"]
        return [line for text in texts for line in text.splitlines()]

    def has_annotation(self, name: str) -> bool:
        """Tell whether there is exactly one annotation called `name`."""
        return len(self.get_annotation_values(name)) == 1

    def has_annotations(self, name: str) -> bool:
        """Tell whether there is any annotation called `name`."""
        return bool(self.get_annotation_values(name))


class Member(Annotatable):
    """A field of a structure."""

    __slots__ = ("name", "type")

    def __init__(self, type_: AbstractType, name: str) -> None:
        super().__init__()
        self.type = type_
        self.name = name


class Structure(Annotatable):
    """A named list of members."""

    __slots__ = ("members", "namespaced_type")

    def __init__(self, namespaced_type: NamespacedType, members: list[Member] | None = None) -> None:
        super().__init__()
        self.namespaced_type = namespaced_type
        self.members = members or []

    def has_any_member_with_annotation(self, name: str) -> bool:
        """Tell whether a member carries the annotation."""
        return any(m.has_annotation(name) for m in self.members)


class Constant(Annotatable):
    """A named value."""

    __slots__ = ("name", "type", "value")

    def __init__(self, name: str, type_: AbstractType, value: Any) -> None:
        super().__init__()
        self.name = name
        self.type = type_
        self.value = value


class Message:
    """A structure with its constants."""

    __slots__ = ("constants", "structure")

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.constants: list[Constant] = []


def _derived(parent: NamespacedType, suffix: str, members: list[Member]) -> Message:
    return Message(Structure(NamespacedType(parent.namespaces, parent.name + suffix), members))


class Service:
    """A request, a response, and the event message by which a service can be watched."""

    __slots__ = ("event_message", "namespaced_type", "request_message", "response_message")

    def __init__(self, namespaced_type: NamespacedType, request: Message, response: Message) -> None:
        self.namespaced_type = namespaced_type
        self.request_message = request
        self.response_message = response
        info = NamespacedType(["service_msgs", "msg"], "ServiceEventInfo")
        self.event_message = _derived(
            namespaced_type,
            SERVICE_EVENT_MESSAGE_SUFFIX,
            [
                Member(info, "info"),
                Member(BoundedSequence(request.structure.namespaced_type, 1), "request"),
                Member(BoundedSequence(response.structure.namespaced_type, 1), "response"),
            ],
        )


class Action:
    """Goal, result and feedback, and the services and message that carry them on the wire."""

    __slots__ = (
        "feedback",
        "feedback_message",
        "get_result_service",
        "goal",
        "namespaced_type",
        "result",
        "send_goal_service",
    )

    def __init__(self, namespaced_type: NamespacedType, goal: Message, result: Message, feedback: Message) -> None:
        self.namespaced_type = namespaced_type
        self.goal, self.result, self.feedback = goal, result, feedback
        goal_id = NamespacedType(["unique_identifier_msgs", "msg"], "UUID")
        stamp = NamespacedType(["builtin_interfaces", "msg"], "Time")

        def service(suffix: str, request: list[Member], response: list[Member]) -> Service:
            name = NamespacedType(namespaced_type.namespaces, namespaced_type.name + suffix)
            return Service(
                name,
                _derived(name, SERVICE_REQUEST_MESSAGE_SUFFIX, request),
                _derived(name, SERVICE_RESPONSE_MESSAGE_SUFFIX, response),
            )

        self.send_goal_service = service(
            ACTION_GOAL_SERVICE_SUFFIX,
            [Member(goal_id, "goal_id"), Member(goal.structure.namespaced_type, "goal")],
            [Member(BasicType(BOOLEAN_TYPE), "accepted"), Member(stamp, "stamp")],
        )
        self.get_result_service = service(
            ACTION_RESULT_SERVICE_SUFFIX,
            [Member(goal_id, "goal_id")],
            [Member(BasicType("int8"), "status"), Member(result.structure.namespaced_type, "result")],
        )
        self.feedback_message = _derived(
            namespaced_type,
            ACTION_FEEDBACK_MESSAGE_SUFFIX,
            [Member(goal_id, "goal_id"), Member(feedback.structure.namespaced_type, "feedback")],
        )
