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
from deft_sim.model.stepper import Stepper
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


# Comparing with the enumeration's own members takes longer.
_PALM, _THING = int(Part.PALM), int(Part.THING)


class _Tally:
    """What pushes one thing, summed up contact by contact: plain floats, for a dozen contacts the fastest."""

    __slots__ = ("by_part", "hand", "net", "sizes")

    def __init__(self) -> None:
        self.sizes = [0.0] * (_THING + 1)
        self.hand, self.net = 0.0, [0.0, 0.0, 0.0]
        self.by_part = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]  # the same of palm, fingers, thumb

    def add(self, part: int, size: float, push: tuple[float, float, float]) -> None:
        """Count a normal force, newtons, that a part exerts."""
        self.sizes[min(part, _THING)] += size
        if _PALM <= part < _THING:
            self.hand += size
            for net in (self.net, self.by_part[part - _PALM]):
                net[0] += push[0]
                net[1] += push[1]
                net[2] += push[2]

    def touching(self) -> Touching:
        """The result."""
        if not self.hand:
            return Touching(*self.sizes)
        _, fingers, thumb = map(np.array, self.by_part)
        squeeze = (self.hand - float(np.linalg.norm(self.net))) / 2
        return Touching._make((*self.sizes, squeeze, _against(fingers, thumb)))


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
        self._stepper = Stepper(self.model)
        self.arm_servo = ArmServo(self.model)
        self.hand_servo = HandServo(self.model, hand)
        self._numbers = {name: int(Part.THING) + k for k, name in enumerate(self.things)}
        self.part = self._parts()
        self._bodies = np.array([self.model.body(name).id for name in self.things], dtype=int)
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
            motors: hand motor angles, rad.
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
        for _ in range(STEPS_PER_TICK):
            self._stepper.step(self.data)
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
        data = self.data
        if not data.ncon:
            return dict.fromkeys(self.things, Touching())
        tallies = {number: _Tally() for number in self._numbers.values()}
        active = data.contact.efc_address >= 0
        # The cones are elliptic: a contact's first constraint force is its normal force.
        sizes = data.efc_force[data.contact.efc_address[active]]
        pushes = sizes[:, None] * data.contact.frame[active, :3]  # from the contact's first side on its second
        parts = self.part[data.contact.geom[active]]
        for (first, second), size, (x, y, z) in zip(parts.tolist(), sizes.tolist(), pushes.tolist(), strict=True):
            if first == second:
                continue  # a thing's own parts
            if first >= _THING:
                tallies[first].add(second, size, (-x, -y, -z))
            if second >= _THING:
                tallies[second].add(first, size, (x, y, z))
        return {name: tallies[number].touching() for name, number in self._numbers.items()}

    def warnings(self) -> int:
        """MuJoCo's warnings since the last reset."""
        return int(sum(w.number for w in self.data.warning))


def _against(a: Array, b: Array) -> float:
    """How hard two forces (3,) press against each other: the lesser size, times minus the cosine between them."""
    greater = max(float(np.linalg.norm(a)), float(np.linalg.norm(b)))
    return max(0.0, -float(a @ b) / greater) if greater > 0.0 else 0.0
