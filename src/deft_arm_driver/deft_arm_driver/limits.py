"""Tell the controller what hangs on its flange and what it must not do, instead of trusting what it was left with.

Fences and collision detection are off, or whatever was saved last, until somebody sets them; a reduced mode left on
caps speed. So all of it is written, in one order, and what a limit rests on is read back.

SDK calls made: set_tcp_load, set_tcp_offset, set_collision_sensitivity, set_collision_tool_model,
set_self_collision_detection, set_reduced_tcp_boundary, set_reduced_max_tcp_speed, set_reduced_max_joint_speed,
set_fence_mode, set_reduced_mode, get_reduced_states.
"""

import numpy as np

from deft_arm_driver.session import ArmSession
from deft_core.geometry import inverse
from deft_core.hand import HandModel
from deft_core.workcell import ArmSettings
from deft_driver.faults import DeviceFault

# The gate is there first; the controller's own limits stand this far outside it.
_FENCE_MARGIN_MM = 10.0
_TCP_SPEED_MMPS = 1000.0


def apply_limits(arm: ArmSession, settings: ArmSettings, hand: HandModel, joint_speed_radps: float) -> None:
    """Write load, tool point, sensitivity, self-collision, fence and reduced speeds.

    Motors must be enabled; leaves the arm in state 5.

    The tool point is the wrist (turned as the flange), so that the controller's fence is the gate's workspace.

    Raises:
        DeviceFault: the controller did not keep what it was told.
    """
    api = arm.api
    T_eef_wrist = inverse(hand.T_wrist_eef)
    offset = [*(float(v) * 1e3 for v in T_eef_wrist[:3, 3]), 0.0, 0.0, 0.0]
    palm_mm = [float(v) * 1e3 for v in (T_eef_wrist @ np.array([*hand.palm_center_m, 1.0]))[:3]]
    upper = np.array(settings.workspace_upper_m) * 1e3 + _FENCE_MARGIN_MM
    lower = np.array(settings.workspace_lower_m) * 1e3 - _FENCE_MARGIN_MM
    # the SDK's order: x_max, x_min, y_max, y_min, z_max, z_min
    boundary = [round(float(v)) for pair in zip(upper, lower, strict=True) for v in pair]
    arm.expect("set_tcp_load", api.set_tcp_load(hand.mass_kg, palm_mm))
    arm.expect("set_tcp_offset", api.set_tcp_offset(offset, is_radian=True, wait=False))
    arm.expect("set_collision_sensitivity", api.set_collision_sensitivity(settings.collision_sensitivity, wait=False))
    # Links only: a model that somebody's gripper left behind is not this hand. The gate keeps the palm clear as well.
    arm.expect("set_collision_tool_model", api.set_collision_tool_model(0))
    arm.expect("set_self_collision_detection", api.set_self_collision_detection(True))
    arm.expect("set_reduced_tcp_boundary", api.set_reduced_tcp_boundary(boundary))
    arm.expect("set_reduced_max_tcp_speed", api.set_reduced_max_tcp_speed(_TCP_SPEED_MMPS))
    arm.expect("set_reduced_max_joint_speed", api.set_reduced_max_joint_speed(joint_speed_radps, is_radian=True))
    # Boundary and speeds take effect when fence and reduced mode are written after them.
    arm.expect("set_fence_mode", api.set_fence_mode(True)[0])
    arm.expect("set_reduced_mode", api.set_reduced_mode(True))
    states = arm.checked("get_reduced_states", api.get_reduced_states(is_radian=True))
    kept = bool(states[0]) and list(states[1]) == boundary and bool(states[5])
    if not kept or abs(states[3] - joint_speed_radps) > 1e-3:
        raise DeviceFault(f"the controller did not keep its limits: asked for {boundary} mm, it says {states}")
