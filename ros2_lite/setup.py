"""Add to the distribution the .pth file that turns the import hook on; pyproject.toml has no word for that."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

PTH = "ros2_lite_hook.pth"
CONTENT = "import ros2_lite.hook\n"


class BuildWithHook(build_py):
    """Put the .pth file beside the packages, from where it goes to the top of site-packages."""

    def run(self) -> None:
        """Build, then write the file."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, PTH)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(CONTENT)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """List the file among what was built."""
        outputs: list[str] = super().get_outputs(include_bytecode)
        return outputs if self.editable_mode else [*outputs, str(Path(self.build_lib, PTH))]


class EditableWithHook(editable_wheel):
    """Put the .pth file into the wheel that an editable install unpacks."""

    def _select_strategy(self, *args: Any) -> Any:
        strategy = super()._select_strategy(*args)
        return _Strategy(strategy)


class _Strategy:
    """An editable strategy that also writes the hook."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, wheel: Any, files: list[str], mapping: dict[str, str]) -> None:
        # the hook must not come before the line that puts src/ on the path: .pth files are read in sorted order
        wheel.writestr(f"z_{PTH}", CONTENT)
        self.inner(wheel, files, mapping)

    def __enter__(self) -> _Strategy:
        self.inner.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.inner.__exit__(*exc)


shutil.rmtree(Path(__file__).parent / "build", ignore_errors=True)  # stale modules would be packed again
setup(cmdclass={"build_py": BuildWithHook, "editable_wheel": EditableWithHook})
