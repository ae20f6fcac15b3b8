"""One world: a compiled scene with robot and things, and time that passes in control ticks."""

from enum import IntEnum
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_sim.errors import SimulationDiverged
from deft_sim.model.arm import add_arm
from deft_sim.model.hand import add_hand
from deft_sim.model.poses import pose_of
from deft_sim.model.scene import new_scene
from deft_sim.servos import ArmServo, HandServo
from deft_sim.things.thing import Thing
from deft_sim.tick import TICK_S

# One step a tick: at 4 ms the servos and the contacts' 10 ms settle as at 2 ms (the same grasps hold), in half
# the time.
STEPS_PER_TICK = 1
SETTLE_S = 0.3


class Part(IntEnum):
    """What a geom belongs to, for contact accounting. Things come after, in their order."""

    ROOM = 0
    ARM = 1
    PALM = 2
    FINGER = 3
    THUMB = 4
    THING = 5


# To compare arrays with the enumeration's members themselves would take five times as long.
_PALM, _THING = int(Part.PALM), int(Part.THING)


class Touching(NamedTuple):
    """Who touches a thing at one instant: normal forces, newtons, summed over contacts.

    `squeeze` is the part of the hand's normal forces that cancels itself out: (sum of sizes - size of the sum) / 2. A
    one-sided push squeezes nothing, whatever its force. `opposed` is how hard the thumb presses against the fingers
    through the thing: the lesser of their two net normal forces, as far as they point against each other.
    """

    room: float = 0.0
    arm: float = 0.0
    palm: float = 0.0
    fingers: float = 0.0
    thumb: float = 0.0
    things: float = 0.0
    squeeze: float = 0.0
    opposed: float = 0.0

    @property
    def hand(self) -> float:
        """Normal force of the hand."""
        return self.palm + self.fingers + self.thumb


class World:
    """Robot and things on the table. Not thread-safe.

    Args:
        hand: the robot's hand.
        things: what stands on the table, by name; the order is kept.
    """

    def __init__(self, hand: HandModel, things: dict[str, Thing]) -> None:
        self.hand, self.things = hand, dict(things)
        spec = new_scene()
        spec.option.timestep = TICK_S / STEPS_PER_TICK
        add_hand(spec, add_arm(spec), hand)
        for name, thing in self.things.items():
            thing.add_to(spec, name)
        self.model: mujoco.MjModel = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.arm_servo = ArmServo(self.model)
        self.hand_servo = HandServo(self.model, hand)
        self._numbers = {name: int(Part.THING) + k for k, name in enumerate(self.things)}
        self.part = self._parts()
        self._bodies = [self.model.body(name).id for name in self.things]
        self.time_s = 0.0

    def _parts(self) -> NDArray[np.int32]:
        """What each geom belongs to; a thing's geoms get Part.THING plus its number."""
        model = self.model
        numbers = self._numbers
        part = np.zeros(model.ngeom, dtype=np.int32)
        for g in range(model.ngeom):
            body = int(model.geom_bodyid[g])
            name = model.body(body).name
            root = model.body(int(model.body_rootid[body])).name.split("/")[0]
            if root in numbers:
                part[g] = numbers[root]
            elif name == "palm":
                part[g] = Part.PALM
            elif name.startswith("thumb_"):
                part[g] = Part.THUMB
            elif name.startswith(("index_", "middle_", "ring_")):
                part[g] = Part.FINGER
            elif name.startswith("link"):
                part[g] = Part.ARM
        return part

    def reset(self, q_arm: ArrayLike, motors: ArrayLike, poses: dict[str, Array]) -> None:
        """Put robot and things in place and let the things settle.

        Args:
            q_arm: (6,) rad.
            motors: (12,) hand motor angles, rad.
            poses: T_base_thing (4, 4) by name.
        """
        mujoco.mj_resetData(self.model, self.data)
        self.arm_servo.reset(self.data, q_arm)
        self.hand_servo.reset(self.data, motors)
        self.place(poses)
        for _ in range(round(SETTLE_S / TICK_S)):
            self.tick()
        self.time_s = 0.0

    def adopt_robot(self, other: "World") -> None:
        """Take over another world's robot as it stands and moves; only the things on the table change."""
        self.arm_servo.adopt(self.data, other.arm_servo, other.data)
        self.hand_servo.adopt(self.data, other.hand_servo, other.data)
        self.time_s = other.time_s

    def place(self, poses: dict[str, Array]) -> None:
        """Put the things at T_base_thing (4, 4), at rest, and leave the robot as it is."""
        for name, T in poses.items():
            self.things[name].place(self.model, self.data, name, T)
        mujoco.mj_forward(self.model, self.data)

    def tick(self) -> None:
        """Let one control period (4 ms) pass.

        Raises:
            SimulationDiverged: the solver blew up.
        """
        self.arm_servo.tick(self.data)
        self.hand_servo.tick(self.data)
        mujoco.mj_step(self.model, self.data, STEPS_PER_TICK)
        for name, thing in self.things.items():
            thing.after_tick(self.model, self.data, name)
        self.time_s += TICK_S
        if self.data.warning[mujoco.mjtWarning.mjWARN_BADQACC].number:
            raise SimulationDiverged(f"the physics diverged at {self.time_s:.3f} s of robot time")

    def pose(self, name: str) -> Array:
        """T_base_thing (4, 4)."""
        body = self.model.body(name).id
        return pose_of(self.data.xpos[body], self.data.xmat[body])

    def poses(self) -> dict[str, Array]:
        """T_base_thing (4, 4) of every thing by name."""
        T = pose_of(self.data.xpos[self._bodies], self.data.xmat[self._bodies])
        return dict(zip(self.things, T, strict=True))

    def robot_touches(self) -> list[str]:
        """Names of the things that the robot touches."""
        return [name for name, touch in self.touches().items() if touch.hand + touch.arm > 0.0]

    def velocity(self, name: str) -> Array:
        """Linear velocity (3,) of a free thing's frame, m/s in base_link."""
        address = self.model.joint(name).dofadr[0]
        return self.data.qvel[address : address + 3].copy()

    def wrist_pose(self) -> Array:
        """T_base_wrist (4, 4) as it truly is."""
        body = self.model.body("palm").id
        return pose_of(self.data.xpos[body], self.data.xmat[body])

    def touching(self, name: str) -> Touching:
        """Normal forces on a thing, by who exerts them."""
        return self.touches()[name]

    def touches(self) -> dict[str, Touching]:
        """Normal forces on every thing by name, by who exerts them."""
        thing, other, push = self._pushes()
        by_part, by_hand = np.zeros((len(self.things), _THING + 1, 4)), np.zeros((len(self.things), 4))
        np.add.at(by_part, (thing, other), push)
        hand = (other >= _PALM) & (other < _THING)
        np.add.at(by_hand, thing[hand], push[hand])
        out = {}
        for name, parts, (total, *net) in zip(self.things, by_part, by_hand.tolist(), strict=True):
            squeeze = opposed = 0.0
            if total > 0.0:
                squeeze = (total - float(np.linalg.norm(net))) / 2
                opposed = _against(parts[Part.FINGER, 1:], parts[Part.THUMB, 1:])
            out[name] = Touching._make([*parts[:, 0].tolist(), squeeze, opposed])
        return out

    def _pushes(self) -> tuple[NDArray[np.int32], NDArray[np.int32], Array]:
        """Every push on a thing, contact by contact: thing's number (n,), pushing part (n,), size and force (n, 4)."""
        parts = self.part[self.data.contact.geom]
        row = self.data.contact.efc_address
        # A contact pushes each of its two sides that is a thing; a thing does not push itself.
        pushed = (parts >= _THING) & (parts != parts[:, ::-1]) & (row >= 0)[:, None]
        contact, side = np.nonzero(pushed)
        push = np.empty((len(contact), 4))
        # The cones are elliptic: a contact's first constraint force is its normal force.
        push[:, 0] = self.data.efc_force[row[contact]]
        # Normals point from the contact's first side to its second.
        push[:, 1:] = (push[:, 0] * (2 * side - 1))[:, None] * self.data.contact.frame[contact, :3]
        return parts[contact, side] - _THING, np.minimum(parts[contact, 1 - side], _THING), push

    def warnings(self) -> int:
        """MuJoCo's warnings since the last reset."""
        return int(sum(w.number for w in self.data.warning))


def _against(a: Array, b: Array) -> float:
    """How hard two forces (3,) press against each other: the lesser size, times minus the cosine between them."""
    greater = max(float(np.linalg.norm(a)), float(np.linalg.norm(b)))
    return max(0.0, -float(a @ b) / greater) if greater > 0.0 else 0.0
