"""Helpers for writing entities."""

from __future__ import annotations

import asyncio
import collections.abc
import inspect
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, cast

from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

__all__ = [
    "ensure_argument_type",
    "is_a",
    "is_a_subclass",
    "isclassinstance",
    "normalize_to_list_of_entities",
    "normalize_to_list_of_substitutions",
    "perform_substitutions",
    "visit_all_entities_and_collect_futures",
]


def isclassinstance(obj: object) -> bool:
    """Return whether an object has a class."""
    return hasattr(obj, "__class__")


def is_a(obj: object, entity_type: type) -> bool:
    """Return whether an object is an instance of a class."""
    if not inspect.isclass(entity_type):
        raise RuntimeError(f"entity_type '{entity_type}' is not a class")
    return isinstance(obj, entity_type)


def is_a_subclass(obj: object, entity_type: type) -> bool:
    """Return whether an object is an instance, or a subclass, of a class."""
    return is_a(obj, entity_type) or (inspect.isclass(obj) and issubclass(obj, entity_type))


def ensure_argument_type(
    argument: object, types: type | Iterable[type], argument_name: str, caller: str | None = None
) -> None:
    """Raise a TypeError unless an argument is of one of the types."""

    def fail(name: str, wanted: str, got: object, who: str | None) -> NoReturn:
        start = "Expected" if who is None else f"'{who}' expected"
        raise TypeError(f"{start} '{name}' to be one of [{wanted}], but got '{got}' of type '{type(got)}'")

    if not isinstance(types, collections.abc.Iterable | type):
        fail("types", "type, collections.abc.Iterable of type", types, "ensure_argument_type()")
    if not isinstance(argument_name, str):
        fail("argument_name", "str", argument_name, "ensure_argument_type()")
    if caller is not None and not isinstance(caller, str):
        fail("caller", "str, None", caller, "ensure_argument_type()")
    allowed = tuple(types) if isinstance(types, collections.abc.Iterable) else (types,)
    if not isinstance(argument, allowed):
        fail(argument_name, ", ".join(str(t) for t in allowed), argument, caller)


def normalize_to_list_of_entities(entities: Iterable[SomeEntitiesType]) -> list[LaunchDescriptionEntity]:
    """Flatten entities and iterables of entities."""
    flat: list[LaunchDescriptionEntity] = []
    for entity in entities:
        if isinstance(entity, LaunchDescriptionEntity):
            flat.append(entity)
        else:
            flat.extend(entity)
    return flat


def normalize_to_list_of_substitutions(subs: SomeSubstitutionsType) -> list[Substitution]:
    """Turn text, a substitution, or a sequence of both into a list of substitutions."""
    from ..substitutions import TextSubstitution

    def normalize(item: object) -> Substitution:
        if isinstance(item, Substitution):
            return item
        if isinstance(item, str):
            return TextSubstitution(text=item)
        raise TypeError(
            f"Failed to normalize given item of type '{type(item)}', "
            "when only 'str' or 'launch.Substitution' were expected."
        )

    if isinstance(subs, str | Substitution):
        return [normalize(subs)]
    return [normalize(item) for item in subs]


def perform_substitutions(context: LaunchContext, subs: Sequence[Substitution]) -> str:
    """Join the texts of substitutions."""
    return "".join(context.perform_substitution(sub) for sub in subs)


def visit_all_entities_and_collect_futures(
    entity: LaunchDescriptionEntity, context: LaunchContext
) -> list[tuple[LaunchDescriptionEntity, asyncio.Future[Any]]]:
    """Visit an entity and what it yields, depth first; return the entities that take time with their futures."""
    yielded = entity.visit(context)
    future = entity.get_asyncio_future()
    pairs = [] if future is None else [(entity, cast("asyncio.Future[Any]", future))]
    for sub_entity in yielded or ():
        pairs += visit_all_entities_and_collect_futures(sub_entity, context)
    return pairs


def __getattr__(name: str) -> NoReturn:
    if name == "AsyncSafeSignalManager":
        raise NotImplementedError(
            "launch.utilities.AsyncSafeSignalManager is not part of ros2_lite; use loop.add_signal_handler()"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
