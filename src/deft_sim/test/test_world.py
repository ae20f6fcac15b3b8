"""What a world tells of its things: where they are, and who pushes them how hard."""

import mujoco
import numpy as np
import pytest

from deft_core.demonstration import load_demonstration
from deft_core.geometry import transform
from deft_core.hand import HandModel
from deft_core.workcell import WorkcellConfig
from deft_sim.human.food import DEMO_JUICER, DEMO_LEMON
from deft_sim.things.grape import Grape
from deft_sim.trials import setting_for
from deft_sim.workcell import TwinWorkcell
from deft_sim.world import Part, Touching, World

THINGS = {
    "juicer": DEMO_JUICER,
    "lemon": DEMO_LEMON,
    "grape": Grape(radius_m=0.01, friction=0.6, color=(0.4, 0.1, 0.2), rest_xyz_m=(0.0, 0.3, 0.0)),
}


@pytest.fixture(scope="module")
def table(hand: HandModel, cell: WorkcellConfig) -> World:
    """A lemon on its juicer and a grape beside them, at rest, the robot far away."""
    world = World(hand, THINGS)
    place = transform(None, [0.5, 0.0, 0.0])
    world.reset(cell.arm.home_rad, np.zeros(12), {name: place @ thing.rest_pose for name, thing in THINGS.items()})
    for _ in range(250):
        world.tick()
    return world


def test_things_at_rest_push_the_room_and_each_other_by_their_weight(table: World) -> None:
    touches = table.touches()
    assert list(touches) == list(THINGS)
    assert touches["lemon"].things == pytest.approx(touches["juicer"].things)
    assert touches["juicer"].room == pytest.approx(9.81 * (DEMO_JUICER.mass_kg + DEMO_LEMON.mass_kg), rel=0.02)
    assert touches["lemon"].room == touches["grape"].things == 0.0
    weight = 9.81 * table.model.body("grape").mass[0]
    assert touches["grape"] == pytest.approx(Touching(room=weight), rel=0.02)
    assert table.robot_touches() == []


def test_a_grasped_things_forces_are_the_solvers(twin: TwinWorkcell) -> None:
    twin.reset("train", 11)
    twin.execute(setting_for(twin, load_demonstration(twin.task.demonstration), "train").expert_motion())
    world, force, of = twin.world, np.zeros(6), dict.fromkeys(Part, 0.0)
    for c, geoms in enumerate(world.data.contact.geom):
        first, second = sorted(world.part[geoms])
        mujoco.mj_contactForce(world.model, world.data, c, force)
        if first < second == Part.THING:
            of[Part(first)] += force[0]
    touch = world.touching("target")
    assert touch[:5] == pytest.approx([of[part] for part in (Part.ROOM, Part.ARM, Part.PALM, Part.FINGER, Part.THUMB)])
    assert 0.1 < touch.squeeze <= touch.hand / 2
    assert 0.1 < touch.opposed <= min(touch.fingers, touch.thumb)
    assert world.robot_touches() == ["target"]


def test_poses_are_each_things_pose(table: World) -> None:
    for name, T in table.poses().items():
        assert np.array_equal(T, table.pose(name))
        assert T[:3, :3] @ T[:3, :3].T == pytest.approx(np.eye(3))
