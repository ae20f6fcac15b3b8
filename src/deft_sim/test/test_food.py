"""Grapes, bagels and lemons: that they rest, give way and break as they say."""

import mujoco
import numpy as np
import pytest

from deft_core.geometry import transform
from deft_core.hand import HandModel
from deft_core.workcell import WorkcellConfig
from deft_sim.model.scene import new_scene
from deft_sim.things.bagel import Bagel
from deft_sim.things.bunch import Bunch
from deft_sim.things.juicer import Juicer
from deft_sim.things.lemon import Lemon
from deft_sim.world import World

BUNCH = Bunch(
    berry_radius_m=0.011, whorls=[3, 4, 2], spacing_m=0.019, stem_n=(2.0, 3.0), friction=0.6, color=(0.4, 0.1, 0.2)
)
LEMON = Lemon(
    radius_m=0.03, height_m=0.042, mouth_m=0.017, stands_at_m=0.029, mass_kg=0.07, friction=0.6, color=(0.9, 0.8, 0.2)
)
JUICER = Juicer(radius_m=0.06, rim_m=0.024, floor_m=0.014, reamer_m=0.052, mass_kg=0.4, color=(0.8, 0.8, 0.8))
BAGEL = Bagel(ring_m=0.034, thick_m=0.016, mass_kg=0.09, friction=0.6, crust=(0.7, 0.4, 0.2), base=(0.9, 0.8, 0.6))


class Table:
    """A table with things on it and nobody near."""

    def __init__(self, **things) -> None:
        self.things = things
        spec = new_scene(table_looks=0)
        for name, thing in things.items():
            thing.add_to(spec, name)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        for name, thing in things.items():
            thing.place(self.model, self.data, name, transform(None, [0.5, 0.0, 0.0]) @ thing.rest_pose)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.004)):
            mujoco.mj_step(self.model, self.data, 2)
            for name, thing in self.things.items():
                thing.after_tick(self.model, self.data, name)

    def state(self, name: str) -> np.ndarray:
        return self.things[name].state(self.model, self.data, name)


@pytest.mark.parametrize("things", [{"bunch": BUNCH}, {"juicer": JUICER, "lemon": LEMON}, {"bagel": BAGEL}])
def test_it_rests_where_it_was_put(things) -> None:
    table = Table(**things)
    table.run(1.5)  # a bunch takes its time to settle
    before = table.data.qpos[:3].copy()
    table.run(1.0)
    assert np.linalg.norm(table.data.qpos[:3] - before) < 1e-3
    assert sum(w.number for w in table.data.warning) == 0


def test_a_bunch_at_rest_keeps_every_stem() -> None:
    table = Table(bunch=BUNCH)
    table.run(1.0)
    assert table.state("bunch")[BUNCH.count :].all()


@pytest.mark.parametrize(("share", "holds"), [(0.7, True), (1.3, False)])
def test_a_stem_breaks_at_its_force(share: float, holds: bool) -> None:
    table = Table(bunch=BUNCH)
    table.run(0.3)
    k = int(np.argmax(BUNCH.stems_n))
    table.model.opt.gravity[:] = 0.0
    stalk, berry = table.model.body("bunch").id, table.model.body(f"bunch/berry{k}").id
    out = table.data.xpos[berry] - table.data.xipos[stalk]
    pull = share * BUNCH.stems_n[k] * out / np.linalg.norm(out)
    for part in np.linspace(0.1, 1.0, 10):
        table.data.xfrc_applied[berry, :3], table.data.xfrc_applied[stalk, :3] = part * pull, -part * pull
        table.run(0.02)
    stems = table.state("bunch")[BUNCH.count :]
    assert bool(stems[k]) is holds
    assert np.delete(stems, k).all()


def test_a_lifted_bunch_leaves_a_berry_whose_stem_broke() -> None:
    table = Table(bunch=BUNCH)
    table.run(0.3)
    table.data.eq_active[table.model.equality("bunch/stem0").id] = 0
    table.model.opt.gravity[:] = [0, 0, -9.81]
    stalk = table.model.body("bunch").id
    table.data.xfrc_applied[stalk, 2] = 1.15 * BUNCH.mass_kg * 9.81
    table.run(0.4)
    lowest = table.state("bunch")[: BUNCH.count]
    assert lowest[0] < 0.005
    assert (np.delete(lowest, 0) > 0.01).all()


def test_placing_a_bunch_mends_its_stems() -> None:
    table = Table(bunch=BUNCH)
    table.data.eq_active[:] = 0
    BUNCH.place(table.model, table.data, "bunch", transform(None, [0.5, 0, 0]))
    assert table.data.eq_active.all()


def test_forces_balance_motion_when_fingers_close_on_a_bunch(hand: HandModel, cell: WorkcellConfig) -> None:
    """MuJoCo 4.0.0 solves one of these steps wrongly, by 30 N m: so it flung berries about, and diverged."""
    world = World(hand, {"bunch": BUNCH})
    rng = np.random.default_rng(0)
    left = []
    for _ in range(20):
        world.reset(cell.arm.home_rad, np.zeros(12), {"bunch": transform(None, [0.5, 0.0, 0.0])})
        grasp = world.wrist_pose()[:3] @ [-0.11, -0.03, 0.0, 1.0] - [0.0, 0.0, BUNCH.stalk_height_m]
        world.data.qvel[:] = 0.0
        world.data.qpos[6:22] = rng.normal(0.7, 0.2, 16)
        world.place({"bunch": transform(None, grasp + rng.normal(0.0, 0.01, 3))})
        world.tick()
        inertial = np.empty(world.model.nv)
        mujoco.mj_mulM(world.model, world.data, inertial, world.data.qacc)
        left.append(np.abs(inertial - world.data.qfrc_smooth - world.data.qfrc_constraint).max())
    assert max(left) < 1e-3


def test_pulp_gives_a_few_millimetres_under_a_hands_push() -> None:
    table = Table(juicer=JUICER, lemon=LEMON)
    table.run(0.5)
    lemon = table.model.body("lemon").id
    before = table.data.xpos[lemon, 2]
    table.data.xfrc_applied[lemon, 2] = -20.0
    table.run(0.5)
    sunk = before - table.data.xpos[lemon, 2]
    assert 0.001 < sunk < 0.010
    table.data.xfrc_applied[lemon, 2] = 0.0
    table.run(0.5)
    assert abs(table.data.xpos[lemon, 2] - before) < 0.001


def test_a_bagels_lowest_point_is_where_physics_has_it() -> None:
    turn = np.array([transform(np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=float), [0, 0, 0.2])])
    assert BAGEL.lowest_points(turn)[0] == pytest.approx(0.2 - BAGEL.ring_m - BAGEL.thick_m)
    assert BAGEL.lowest_points(np.eye(4)[None])[0] == pytest.approx(0.0)
