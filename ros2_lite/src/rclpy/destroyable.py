"""The type of things that can be destroyed."""

from __future__ import annotations

from typing import Protocol


class DestroyableType(Protocol):
    """Something used in `with` blocks and destroyed when no block uses it any more."""

    def __enter__(self) -> None: ...

    def __exit__(self, exc_type: object, exc_val: object, exc_tb: object) -> None: ...

    def destroy_when_not_in_use(self) -> None: ...
