"""What every buffer can do, and the register of types that can be transformed."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time
from std_msgs.msg import Header


class TypeException(Exception):
    """A type for which nothing was registered; `tf2_geometry_msgs` registers the geometry messages."""

    def __init__(self, errstr: str) -> None:
        super().__init__(errstr)
        self.errstr = errstr


class NotImplementedException(Exception):
    """A subclass of BufferInterface without the method that was called."""

    def __init__(self) -> None:
        self.errstr = "CanTransform or LookupTransform not implemented"
        super().__init__(self.errstr)


class TransformRegistration:
    """Which function transforms which type; shared by all instances."""

    _functions: dict[type, Callable[[Any, TransformStamped], Any]] = {}

    def print_me(self) -> None:
        """Print the register."""
        print(self._functions)

    def add(self, key: type, callback: Callable[[Any, TransformStamped], Any]) -> None:
        """Register the function (object, transform) -> object for a type."""
        self._functions[key] = callback

    def get(self, key: type) -> Callable[[Any, TransformStamped], Any]:
        """Return the function for a type; TypeException when there is none."""
        return _found(self._functions, key)


class ConvertRegistration:
    """Which functions convert a type to and from messages, or to another type; shared by all instances."""

    _to_msg: dict[type, Callable[[Any], Any]] = {}
    _from_msg: dict[type, Callable[[Any], Any]] = {}
    _convert: dict[tuple[type, type], Callable[[Any], Any]] = {}

    def add_from_msg(self, key: type, callback: Callable[[Any], Any]) -> None:
        """Register how the type is made of a message."""
        self._from_msg[key] = callback

    def add_to_msg(self, key: type, callback: Callable[[Any], Any]) -> None:
        """Register how a message is made of the type."""
        self._to_msg[key] = callback

    def add_convert(self, key: tuple[type, type], callback: Callable[[Any], Any]) -> None:
        """Register a direct conversion between two types."""
        self._convert[key] = callback

    def get_from_msg(self, key: type) -> Callable[[Any], Any]:
        """Return what `add_from_msg` registered."""
        return _found(self._from_msg, key)

    def get_to_msg(self, key: type) -> Callable[[Any], Any]:
        """Return what `add_to_msg` registered."""
        return _found(self._to_msg, key)

    def get_convert(self, key: tuple[type, type]) -> Callable[[Any], Any]:
        """Return what `add_convert` registered."""
        return _found(self._convert, key)


def _found(register: dict[Any, Callable[..., Any]], key: Any) -> Callable[..., Any]:
    if key not in register:
        raise TypeException(f"Type {key} is not loaded or supported")
    return register[key]


def convert(a: Any, b_type: type) -> Any:
    """Return `a` as a `b_type`, directly or by way of a message."""
    registration = ConvertRegistration()
    try:
        direct = registration.get_convert((type(a), b_type))
    except TypeException:
        if type(a) is b_type:
            return deepcopy(a)
        return registration.get_from_msg(b_type)(registration.get_to_msg(type(a))(a))
    return direct(a)


def Stamped(obj: Any, stamp: Time, frame_id: str) -> Any:
    """Give an object a header."""
    obj.header = Header(frame_id=frame_id, stamp=stamp)
    return obj


class BufferInterface:
    """The lookups a buffer offers, and the transformation of stamped objects by them."""

    def __init__(self) -> None:
        self.registration = TransformRegistration()

    def transform(
        self,
        object_stamped: Any,
        target_frame: str,
        timeout: Duration = Duration(),
        new_type: type | None = None,
    ) -> Any:
        """Return a stamped object in another frame, as another type where `new_type` says so.

        Raises:
            TypeException: nothing is registered for the type.
            TransformException: there is no such transform (within the timeout).
        """
        do_transform = self.registration.get(type(object_stamped))
        header = object_stamped.header
        transform = self.lookup_transform(target_frame, header.frame_id, header.stamp, timeout)
        result = do_transform(object_stamped, transform)
        return result if new_type is None else convert(result, new_type)

    def transform_full(
        self,
        object_stamped: Any,
        target_frame: str,
        target_time: Time,
        fixed_frame: str,
        timeout: Duration = Duration(),
        new_type: type | None = None,
    ) -> Any:
        """Return a stamped object in another frame at another time, by way of a frame that does not move."""
        do_transform = self.registration.get(type(object_stamped))
        header = object_stamped.header
        result = do_transform(
            object_stamped,
            self.lookup_transform_full(target_frame, target_time, header.frame_id, header.stamp, fixed_frame, timeout),
        )
        return result if new_type is None else convert(result, new_type)

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = Duration()
    ) -> TransformStamped:
        """Return the transform from source to target frame."""
        raise NotImplementedException

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = Duration(),
    ) -> TransformStamped:
        """Return the transform from source to target frame between two times."""
        raise NotImplementedException

    def can_transform(self, target_frame: str, source_frame: str, time: Time, timeout: Duration = Duration()) -> bool:
        """Tell whether there is a transform from source to target frame."""
        raise NotImplementedException

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = Duration(),
    ) -> bool:
        """Tell whether there is a transform from source to target frame between two times."""
        raise NotImplementedException
