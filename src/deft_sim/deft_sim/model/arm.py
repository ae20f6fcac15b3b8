"""The xArm6 as MuJoCo bodies: kinematics from `deft_core.kinematics`, shape from `deft_core.arm_shape`."""

import mujoco

from deft_core.arm_shape import LINKS
from deft_core.kinematics import JOINT_LOWER, JOINT_ORIGINS, JOINT_UPPER
from deft_sim.model.poses import set_pose

ARM_JOINTS = tuple(f"joint{i + 1}" for i in range(6))

# Link masses, kg: of the size of xarm_description's inertials (the arm weighs 12.2 kg, its base included).
_MASS = (2.2, 2.0, 1.7, 1.2, 1.2, 0.2)
# Position servo of each joint. Harmonic drives hardly give: gains and torque limits in the ratio of the joints' sizes.
_KP = (10000.0, 10000.0, 8000.0, 5000.0, 5000.0, 3000.0)
_KV = (400.0, 400.0, 300.0, 120.0, 120.0, 80.0)
_TORQUE = (100.0, 100.0, 60.0, 40.0, 40.0, 25.0)

_WHITE, _GREY = (0.92, 0.92, 0.93, 1.0), (0.55, 0.57, 0.60, 1.0)


def add_arm(spec: mujoco.MjSpec) -> mujoco.MjsBody:
    """Add the arm with its base at the world's origin; return the flange body (its frame is link_eef)."""
    base = spec.worldbody.add_body(name="link_base")
    base.add_geom(
        name="link_base", type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[0.063, 0.045, 0], pos=[0, 0, 0.045], rgba=_GREY
    )
    base.add_geom(
        name="link_base_column",
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        size=[0.055, 0.05, 0],
        pos=[0, 0, 0.13],
        rgba=_WHITE,
    )
    parent = base
    for i in range(6):
        body = parent.add_body(name=f"link{i + 1}", gravcomp=1.0)
        set_pose(body, JOINT_ORIGINS[i])
        body.add_joint(
            name=ARM_JOINTS[i],
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=[0, 0, 1],
            range=[JOINT_LOWER[i], JOINT_UPPER[i]],
            limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            armature=0.1,
        )
        _add_link_geoms(body, i)
        spec.add_actuator(
            name=ARM_JOINTS[i],
            target=ARM_JOINTS[i],
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            gaintype=mujoco.mjtGain.mjGAIN_FIXED,
            biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            gainprm=[_KP[i]] + [0.0] * 9,
            biasprm=[0.0, -_KP[i], -_KV[i]] + [0.0] * 7,
            forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
            forcerange=[-_TORQUE[i], _TORQUE[i]],
        )
        parent = body
    _exclude_neighbours(spec)
    return parent


def _add_link_geoms(body: mujoco.MjsBody, i: int) -> None:
    if i == 5:
        body.add_geom(
            name="link6_0",
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            size=[0.0375, 0.012, 0],
            pos=[0, 0, -0.012],
            rgba=_GREY,
            mass=_MASS[i],
        )
        return
    for k, (start, end, radius) in enumerate(LINKS[i]):
        body.add_geom(
            name=f"link{i + 1}_{k}",
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[*start, *end],
            size=[radius, 0, 0],
            rgba=_WHITE if k == 0 or i in (1, 2) else _GREY,
            mass=_MASS[i] / len(LINKS[i]),
        )


def _exclude_neighbours(spec: mujoco.MjSpec) -> None:
    """Links that a joint holds together, or that share a housing, never collide."""
    names = ["link_base", *(f"link{i + 1}" for i in range(6))]
    for i in range(7):
        for j in (i + 1, i + 2):
            if j < 7:
                spec.add_exclude(bodyname1=names[i], bodyname2=names[j])
