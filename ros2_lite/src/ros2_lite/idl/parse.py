"""From the text of .msg, .srv and .action files to `rosidl_parser.definition` objects.

The rules are those of upstream's `rosidl_adapter`; rosbags' parser drops the default values of fields and accepts
names that upstream refuses, so it does not serve here.
"""

from __future__ import annotations

import re
from typing import Any

from rosidl_parser import definition as d

from .errors import InterfaceSyntaxError

_IDL_NAMES = {
    "bool": "boolean",
    "byte": "octet",
    "char": "uint8",
    "float32": "float",
    "float64": "double",
    **{t: t for t in d.EXPLICIT_INTEGER_TYPES},
}
_PACKAGE = re.compile(r"(?!.*__)(?!.*_$)[a-z][a-z0-9_]*")
_MESSAGE = re.compile(r"[A-Z][A-Za-z0-9]*")
_CONSTANT = re.compile(r"[A-Z]([A-Z0-9_]?[A-Z0-9]+)*")
_TYPE = re.compile(r"(?P<base>[A-Za-z0-9_/]+)(<=(?P<chars>\d+))?(?P<array>\[(?P<bound><=)?(?P<size>\d*)\])?")
_DERIVED = re.compile(r"_(Request|Response|Goal|Result|Feedback)$")


def parse_interface(package: str, kind: str, name: str, text: str) -> d.Message | d.Service | d.Action:
    """Parse the text of one interface file; InterfaceSyntaxError names file, line and reason."""
    where = f"{package}/{kind}/{name}"
    if not _PACKAGE.fullmatch(package) or not _MESSAGE.fullmatch(name):
        raise InterfaceSyntaxError(f"{where}: not a valid interface name")
    lines = text.splitlines()
    cuts = [i for i, line in enumerate(lines) if line == "---"]
    own = d.NamespacedType([package, kind], name)
    if kind == "msg":
        return _message(own, lines, 0, where)
    suffixes = ("_Request", "_Response") if kind == "srv" else ("_Goal", "_Result", "_Feedback")
    if len(cuts) != len(suffixes) - 1:
        raise InterfaceSyntaxError(f"{where}: {len(cuts)} '---' separators, expected {len(suffixes) - 1}")
    starts, ends = [0, *(c + 1 for c in cuts)], [*cuts, len(lines)]
    parts = [
        _message(d.NamespacedType([package, kind], name + s), lines[a:b], a, where)
        for s, a, b in zip(suffixes, starts, ends, strict=True)
    ]
    return d.Service(own, *parts) if kind == "srv" else d.Action(own, *parts)


def _message(own: d.NamespacedType, lines: list[str], first: int, where: str) -> d.Message:
    message = d.Message(d.Structure(own))
    seen: set[str] = set()
    for number, line in enumerate(lines, first + 1):
        code = line.replace("\t", " ").partition("#")[0].rstrip()
        if not code.strip():
            continue
        try:
            type_text, _, rest = code.partition(" ")
            rest = rest.lstrip()
            if not type_text or not rest:
                raise ValueError("expected '<type> <name>' at the start of the line")
            if "=" in rest:
                name = _constant(message, type_text, rest)
            else:
                name = _field(message, type_text, rest, own.namespaces[0])
            if name in seen:
                raise ValueError(f"'{name}' occurs twice")
            seen.add(name)
        except ValueError as e:
            raise InterfaceSyntaxError(f"{where}, line {number} ({code.strip()!r}): {e}") from None
    if not message.structure.members:  # IDL has no empty structures; on the wire this is one byte
        message.structure.members.append(d.Member(d.BasicType("uint8"), d.EMPTY_STRUCTURE_REQUIRED_MEMBER_NAME))
    return message


def _constant(message: d.Message, type_text: str, rest: str) -> str:
    name, _, value = (part.strip() for part in rest.partition("="))
    if not _CONSTANT.fullmatch(name):
        raise ValueError(f"'{name}' is not a valid constant name (capitals, digits, single underscores)")
    if type_text not in _IDL_NAMES and type_text not in ("string", "wstring"):
        raise ValueError(f"a constant cannot have type '{type_text}'")
    type_ = parse_type(type_text, "")
    message.constants.append(d.Constant(name, type_, _scalar(type_, value)))
    return name


def _field(message: d.Message, type_text: str, rest: str, package: str) -> str:
    name, _, default = rest.partition(" ")
    if not _PACKAGE.fullmatch(name):
        raise ValueError(f"'{name}' is not a valid field name (lower case, digits, single underscores)")
    member = d.Member(parse_type(type_text, package), name)
    default = default.strip()
    if default:
        member.annotations.append(d.Annotation("default", {"value": _default(member.type, default)}))
    message.structure.members.append(member)
    return name


def parse_type(text: str, package: str) -> d.AbstractType:
    """Parse a type as a .msg file writes it; `package` completes a bare message name."""
    match = _TYPE.fullmatch(text)
    if not match:
        raise ValueError(f"'{text}' is not a type")
    base, chars = match["base"], match["chars"]
    value: d.AbstractNestableType
    if base in ("string", "wstring"):
        wide = base == "wstring"
        if chars is None:
            value = d.UnboundedWString() if wide else d.UnboundedString()
        else:
            if int(chars) <= 0:
                raise ValueError(f"the bound of '{text}' must be positive")
            value = d.BoundedWString(int(chars)) if wide else d.BoundedString(int(chars))
    elif chars is not None:
        raise ValueError(f"only strings can be bounded as in '{text}'")
    elif base in _IDL_NAMES:
        value = d.BasicType(_IDL_NAMES[base])
    else:
        value = _message_type(base, package)
    if match["array"] is None:
        return value
    if not match["size"]:
        if match["bound"]:
            raise ValueError(f"'{text}' lacks its bound")
        return d.UnboundedSequence(value)
    size = int(match["size"])
    if size <= 0:
        raise ValueError(f"the size of '{text}' must be positive")
    return d.BoundedSequence(value, size) if match["bound"] else d.Array(value, size)


def _message_type(text: str, package: str) -> d.NamespacedType:
    parts = text.split("/")
    if len(parts) == 3 and parts[1] == "msg":  # rosbags and bag schemas write it out
        parts = [parts[0], parts[2]]
    if len(parts) == 1:
        parts = [package, *parts]
    if len(parts) != 2 or not _PACKAGE.fullmatch(parts[0]) or not _MESSAGE.fullmatch(_DERIVED.sub("", parts[1])):
        raise ValueError(f"'{text}' is neither a basic type nor a valid message name")
    return d.NamespacedType([parts[0], "msg"], parts[1])


def _default(type_: d.AbstractType, text: str) -> Any:
    if isinstance(type_, d.NamespacedType):
        raise ValueError("a field of message type cannot have a default")
    if not isinstance(type_, d.AbstractNestedType):
        return _scalar(type_, text)
    if isinstance(type_.value_type, d.NamespacedType):
        raise ValueError("a field of message type cannot have a default")
    if not (text.startswith("[") and text.endswith("]")):
        raise ValueError("an array default must stand in brackets")
    inner = text[1:-1].strip()
    if isinstance(type_.value_type, d.AbstractGenericString):
        items = re.findall(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,]+?)\s*(?:,|$)""", inner) if inner else []
    else:
        items = inner.split(",") if inner else []
    if isinstance(type_, d.Array) and len(items) != type_.size:
        raise ValueError(f"the default has {len(items)} elements, the array {type_.size}")
    if isinstance(type_, d.BoundedSequence) and len(items) > type_.maximum_size:
        raise ValueError(f"the default has {len(items)} elements, the bound is {type_.maximum_size}")
    return [_scalar(type_.value_type, item.strip()) for item in items]


def _scalar(type_: d.AbstractType, text: str) -> Any:
    """Parse one literal; octets become one-element `bytes`, as upstream's Python has them."""
    if isinstance(type_, d.AbstractGenericString):
        for quote in "\"'":
            if len(text) >= 2 and text.startswith(quote) and text.endswith(quote):
                text = text[1:-1]
                if re.search(rf"(?<!\\){quote}", text):
                    raise ValueError("inner quotes must be escaped")
                text = text.replace("\\" + quote, quote)
                break
        if isinstance(type_, d.BoundedString | d.BoundedWString) and len(text) > type_.maximum_size:
            raise ValueError(f"the string is longer than {type_.maximum_size}")
        # upstream's detour over IDL literals resolves escapes such as \n and \x41
        return text.encode().decode("unicode_escape") if "\\" in text else text
    assert isinstance(type_, d.BasicType)
    name = type_.typename
    if name == "boolean":
        if text.lower() not in ("true", "1", "false", "0"):
            raise ValueError(f"'{text}' is not a bool (true, false, 1, 0)")
        return text.lower() in ("true", "1")
    if name in d.FLOATING_POINT_TYPES:
        return float(text)
    bits = 8 if name == "octet" else int(re.sub(r"\D", "", name))
    low = -(1 << (bits - 1)) if name.startswith("int") else 0
    high = low + (1 << bits) - 1
    try:
        number = int(text)
    except ValueError:
        number = int(text, 0)
    if not low <= number <= high:
        raise ValueError(f"{number} is outside [{low}, {high}]")
    return bytes([number]) if name == "octet" else number
