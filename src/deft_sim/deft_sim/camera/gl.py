"""Choose MuJoCo's OpenGL backend. Imports nothing of MuJoCo, which reads its choice when it is first imported."""

import ctypes.util
import os

# What MuJoCo takes for "no OpenGL".
_OFF = ("disable", "disabled", "off", "false", "0")


def choose_backend() -> str:
    """Settle MUJOCO_GL where the user left it open: EGL, else OSMesa, else none (images are then ray-cast)."""
    chosen = os.environ.get("MUJOCO_GL", "").lower().strip()
    if chosen in _OFF:
        return "disable"
    if not chosen:
        if ctypes.util.find_library("EGL"):
            chosen = "egl"
        elif ctypes.util.find_library("OSMesa"):
            chosen = "osmesa"
        else:
            chosen = "disable"
        os.environ["MUJOCO_GL"] = chosen
        if chosen != "disable":
            os.environ.setdefault("PYOPENGL_PLATFORM", chosen)
    return chosen
