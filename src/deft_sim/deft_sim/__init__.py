"""The twin: a MuJoCo workcell that stands behind the device protocols, and its judge. No learning in here."""

from deft_sim.camera.gl import choose_backend

choose_backend()  # before anything imports mujoco
