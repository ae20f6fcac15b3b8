"""Make `std_msgs.msg` and its like importable from interface text.

Loaded at every interpreter start (by a .pth file), so it imports nothing that is not already loaded; the work
happens on the first import of an interface package. A package that is really importable is never shadowed.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_KINDS = (".msg", ".srv", ".action")
_OPTIONAL = ("sitecustomize", "usercustomize")  # every interpreter asks for these at its start


class _NamespaceGuard:
    """Answer for `pkg.msg` before a bare source folder `pkg/msg` does.

    A folder of that name on the path (the working directory is often one) would be taken for a namespace package.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.endswith(_KINDS) or name.count(".") != 1:
            return None
        parent = sys.modules.get(name.partition(".")[0])
        if parent is None or getattr(parent, "__file__", None) is not None or hasattr(parent, "__interfaces__"):
            return None
        from ros2_lite.idl import modules

        return modules.find_spec_in_namespace(name, path)


class _InterfaceFinder:
    """Answer for interface packages that nothing else on the meta path knows."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name in _OPTIONAL:
            return None
        if "." in name:
            parent = sys.modules.get(name.rpartition(".")[0])
            if parent is None or not hasattr(parent, "__interfaces__"):
                return None
        from ros2_lite.idl import modules

        return modules.find_spec(name)


def install() -> None:
    """Put the finders on `sys.meta_path`, once."""
    if not any(isinstance(f, _InterfaceFinder) for f in sys.meta_path):
        sys.meta_path.insert(0, _NamespaceGuard())
        sys.meta_path.append(_InterfaceFinder())


install()
