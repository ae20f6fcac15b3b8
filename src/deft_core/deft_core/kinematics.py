"""xArm6: forward kinematics, Jacobian, inverse kinematics.

Joint frames and limits: xarm_ros2 (branch jazzy), `xarm6_default_kinematics.yaml` and its joint limits. At q = 0 the
flange stands at (0.207, 0, 0.112) m with rotation diag(1, -1, -1).
"""

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.errors import Unreachable
from deft_core.geometry import Array, transform

DOF = 6
_XYZ = np.array(
    [[0, 0, 0.267], [0, 0, 0], [0.0535, -0.2845, 0], [0.0775, 0.3425, 0], [0, 0, 0], [0.076, 0.097, 0]], dtype=float
)
_RPY = np.array([[0, 0, 0], [-np.pi / 2, 0, 0], [0, 0, 0], [-np.pi / 2, 0, 0], [np.pi / 2, 0, 0], [-np.pi / 2, 0, 0]])
JOINT_ORIGINS: Array = np.stack(
    [transform(Rotation.from_euler("xyz", r).as_matrix(), p) for p, r in zip(_XYZ, _RPY, strict=True)]
)
JOINT_LOWER: Array = np.array([-2 * np.pi, -2.059, -3.927, -2 * np.pi, -1.69297, -2 * np.pi])
JOINT_UPPER: Array = np.array([2 * np.pi, 2.0944, 0.19198, 2 * np.pi, np.pi, 2 * np.pi])
for _constant in (JOINT_ORIGINS, JOINT_LOWER, JOINT_UPPER):
    _constant.setflags(write=False)
_ORIGINS = tuple(JOINT_ORIGINS)
_NEXT, _LAST = [1, 2, 0], [2, 0, 1]
_NO_TURNS = np.tile(np.eye(4), (DOF, 1, 1))


def joint_frames(q: Array) -> Array:
    """Frames of the six links in base_link, (6, 4, 4); the last is the flange (link_eef)."""
    cos, sin = np.cos(q), np.sin(q)
    turns = _NO_TURNS.copy()
    turns[:, 0, 0], turns[:, 0, 1] = cos, -sin
    turns[:, 1, 0], turns[:, 1, 1] = sin, cos
    # Every motor command asks for these frames, so the products go where they belong without copies between.
    frames, T_parent_joint = np.empty((DOF, 4, 4)), np.empty((4, 4))
    np.dot(_ORIGINS[0], turns[0], out=frames[0])
    for i in range(1, DOF):
        np.dot(frames[i - 1], _ORIGINS[i], out=T_parent_joint)
        np.dot(T_parent_joint, turns[i], out=frames[i])
    return frames


def flange_pose(q: Array) -> Array:
    """T_base_eef (4, 4) at joint angles q (6,)."""
    return joint_frames(np.asarray(q, dtype=float))[-1]


def _jacobian(frames: Array) -> Array:
    axes = frames[:, :3, 2]
    arms = frames[-1, :3, 3] - frames[:, :3, 3]
    # np.cross, whose checks cost several times this.
    turned = axes[:, _NEXT] * arms[:, _LAST] - axes[:, _LAST] * arms[:, _NEXT]
    return np.vstack([turned.T, axes.T])


def jacobian(q: Array) -> Array:
    """Geometric Jacobian (6, 6) of the flange in base_link: rows are m/s and rad/s per rad/s."""
    return _jacobian(joint_frames(np.asarray(q, dtype=float)))


def _rotation_error(R_from: Array, R_to: Array) -> Array:
    E = R_to @ R_from.T
    skew = np.array([E[2, 1] - E[1, 2], E[0, 2] - E[2, 0], E[1, 0] - E[0, 1]])
    if np.trace(E) > 1.0:  # up to 90 degrees the skew part gives the turn without a matrix logarithm
        sine = min(1.0, 0.5 * float(np.linalg.norm(skew)))
        return 0.5 * skew * (np.arcsin(sine) / sine if sine > 1e-9 else 1.0)
    return Rotation.from_matrix(E).as_rotvec()


def inverse_kinematics(
    T_base_eef: Array,
    q_start: Array,
    *,
    tolerance_m: float = 1e-4,
    tolerance_rad: float = 1e-3,
    iterations: int = 60,
) -> Array:
    """Joint angles (6,) near `q_start` that put the flange at a pose, by damped least squares within the limits.

    Raises:
        Unreachable: no solution within the limits was found from this start; says how far off the best is.
    """
    q = np.clip(np.asarray(q_start, dtype=float), JOINT_LOWER, JOINT_UPPER)
    error = np.empty(6)
    distance = angle = np.inf
    for _ in range(iterations):
        frames = joint_frames(q)
        error[:3] = T_base_eef[:3, 3] - frames[-1, :3, 3]
        error[3:] = _rotation_error(frames[-1, :3, :3], T_base_eef[:3, :3])
        distance, angle = float(np.linalg.norm(error[:3])), float(np.linalg.norm(error[3:]))
        if distance < tolerance_m and angle < tolerance_rad:
            return q
        J = _jacobian(frames)
        damping = 1e-6 + 1e-2 * min(1.0, float(error @ error))
        # A joint that sits on its limit and is pushed further out is taken out of the solve.
        free = np.ones(DOF, dtype=bool)
        for _ in range(DOF):
            Jf = J[:, free]
            step = np.zeros(DOF)
            step[free] = Jf.T @ np.linalg.solve(Jf @ Jf.T + damping * np.eye(6), error)
            blocked = free & (((q <= JOINT_LOWER) & (step < 0)) | ((q >= JOINT_UPPER) & (step > 0)))
            if not blocked.any():
                break
            free &= ~blocked
        largest = float(np.abs(step).max())
        q = np.clip(q + step * min(1.0, 0.4 / largest if largest > 0 else 1.0), JOINT_LOWER, JOINT_UPPER)
    raise Unreachable(
        f"the arm cannot bring its flange to {np.round(T_base_eef[:3, 3], 3).tolist()} m with that rotation: "
        f"best try is {distance * 1e3:.1f} mm and {np.degrees(angle):.1f} degrees off"
    )


# What a pose off the way costs beside joints that turn: a millimetre and three degrees weigh as much as 0.15 rad.
_YIELD_M, _YIELD_RAD, _YIELD_JOINT_RAD = 0.001, 0.05, 0.15


def yielding_kinematics(
    T_base_eef: Array,
    q_near: Array,
    tool_m: Array,
    *,
    tolerance_m: float = 0.004,
    tolerance_rad: float = 0.25,
    iterations: int = 12,
) -> Array:
    """Joint angles (6,) close to `q_near` that bring the flange near a pose: close first, exact second.

    The rotation gives in before the place of the tool point `tool_m` (3,), metres in the flange's frame, does.

    Where the wrist's axes line up (joint 5 near zero) an exact solution spins joints 4 and 6 against each other for a
    turn of a degree. Giving way by a few degrees there is the singularity-robust inverse of Nakamura and Hanafusa
    ("Inverse kinematic solutions with singularity robustness", J. Dyn. Sys. Meas. Control 108, 1986).

    Raises:
        Unreachable: what is near is further off the pose than the tolerances.
    """
    q0 = np.clip(np.asarray(q_near, dtype=float), JOINT_LOWER, JOINT_UPPER)
    q = q0
    weights = np.array([1 / _YIELD_M] * 3 + [1 / _YIELD_RAD] * 3)
    stay = 1 / _YIELD_JOINT_RAD**2
    goal = T_base_eef[:3, 3] + T_base_eef[:3, :3] @ tool_m

    def off(flange: Array) -> Array:
        place = goal - flange[:3, 3] - flange[:3, :3] @ tool_m
        return np.concatenate([place, _rotation_error(flange[:3, :3], T_base_eef[:3, :3])])

    for _ in range(iterations):
        frames = joint_frames(q)
        error, J = off(frames[-1]), _jacobian(frames)
        J[:3] += np.cross(J[3:].T, frames[-1, :3, :3] @ tool_m).T
        J *= weights[:, None]
        step = np.linalg.solve(J.T @ J + stay * np.eye(DOF), J.T @ (weights * error) - stay * (q - q0))
        q = np.clip(q + step, JOINT_LOWER, JOINT_UPPER)
        if float(np.abs(step).max()) < 1e-4:
            break
    error = off(flange_pose(q))
    distance, angle = float(np.linalg.norm(error[:3])), float(np.linalg.norm(error[3:]))
    if distance > tolerance_m or angle > tolerance_rad:
        raise Unreachable(f"nothing near is closer than {distance * 1e3:.1f} mm and {np.degrees(angle):.1f} degrees")
    return q
