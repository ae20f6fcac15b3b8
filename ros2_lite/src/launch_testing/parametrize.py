"""Launch a test description several times, with different arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def parametrize(argnames: str, argvalues: Iterable[Any]) -> Callable[[Callable[..., Any]], Callable[[], Any]]:
    """Call ``generate_test_description`` once for each value, which the tests may ask for by name too.

    Args:
        argnames: names, separated by commas.
        argvalues: a value, or a tuple with one for each name, per run.
    """
    names = [name.strip() for name in argnames.split(",") if name.strip()]
    values = [value if isinstance(value, tuple) else (value,) for value in argvalues]

    def decorator(function: Callable[..., Any]) -> Callable[[], Any]:
        @functools.wraps(function)
        def wrapped() -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
            for value in values:
                arguments = dict(zip(names, value, strict=False))
                partial = functools.partial(function, **arguments)
                functools.update_wrapper(partial, function)
                yield partial, arguments

        wrapped.__parametrized__ = True  # type: ignore[attr-defined]
        return wrapped

    return decorator
