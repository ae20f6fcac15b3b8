"""A window on the living twin: MuJoCo's own viewer, which only looks."""

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np

from deft_core.geometry import Array
from deft_sim.model.scene import COLLISION_GROUP
from deft_sim.view.film import T_BASE_VIEW
from deft_sim.world import World

_PROBE = "import glfw, sys; sys.exit(not glfw.init())"
_PERIOD_S = 1.0 / 30.0
_LOOKS_AT = (0.47, 0.0, 0.10)


class Window:
    """Shows the world that lives now; closing the window ends nothing but the view.

    Args:
        report: told when the window was closed or failed.

    Raises:
        OSError: no window can be opened on this screen.
        ImportError: MuJoCo's viewer is not installed.
    """

    def __init__(self, report: Callable[[str], object]) -> None:
        from mujoco import viewer

        # In a process of its own: GLFW serves one thread, and MuJoCo's viewer waits for ever where it does not start.
        probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=False)
        if probe.returncode:
            raise OSError("GLFW does not start: " + (probe.stderr.strip().splitlines() or ["no reason given"])[-1])
        self._viewer, self._report = viewer, report
        self._now: tuple[World, Array] | None = None
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._run, name="window", daemon=True)
        self._thread.start()

    def tick(self, world: World) -> None:
        """Remember how the world is now."""
        self._now = (world, world.data.qpos.copy())

    def begin(self, name: str, world: World) -> None:
        """Nothing to do: the window shows everything."""

    def end(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Close the window."""
        self._quit.set()
        self._thread.join(timeout=10.0)

    def _run(self) -> None:
        try:
            while not self._quit.wait(_PERIOD_S):
                if self._now is not None and not self._show(self._now[0]):
                    self._report("view: the window was closed; the twin lives on")
                    return
        except Exception as error:  # a screen that goes away must not take the twin with it
            self._report(f"view: the window failed: {error}")

    def _show(self, world: World) -> bool:
        """Show one world until another one lives; False if the person closed the window."""
        model, data = world.model, mujoco.MjData(world.model)
        others = set(threading.enumerate())
        window = self._viewer.launch_passive(model, data, show_left_ui=False, show_right_ui=False)
        drawing = [thread for thread in threading.enumerate() if thread not in others and thread.daemon]
        try:
            _place(window)
            while window.is_running():
                if self._quit.wait(_PERIOD_S) or self._now is None or self._now[0] is not world:
                    return True
                with window.lock():
                    data.qpos[:] = self._now[1]
                    mujoco.mj_kinematics(model, data)
                    mujoco.mj_comPos(model, data)
                    mujoco.mj_camlight(model, data)
                window.sync()
            return False
        finally:
            window.close()
            for thread in drawing:  # it must be done with OpenGL before anything else is torn down
                thread.join(timeout=5.0)


def _place(window: Any) -> None:
    """Look from where films are taken, at what is drawn for eyes."""
    window.opt.geomgroup[COLLISION_GROUP] = 0
    window.opt.sitegroup[:] = 0
    gap = np.array(_LOOKS_AT) - T_BASE_VIEW[:3, 3]
    window.cam.lookat[:] = _LOOKS_AT
    window.cam.distance = float(np.linalg.norm(gap))
    window.cam.azimuth = float(np.degrees(np.arctan2(gap[1], gap[0])))
    window.cam.elevation = float(np.degrees(np.arcsin(gap[2] / np.linalg.norm(gap))))
