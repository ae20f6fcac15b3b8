"""Cups: they weigh what they should, stand still, are hollow, and refuse nonsense."""

import mujoco
import numpy as np
import pytest

from deft_core.errors import ConfigError
from deft_core.geometry import transform
from deft_core.task import ObjectSpec, load_task
from deft_sim.model.scene import new_scene
from deft_sim.things.cup import Cup
from deft_sim.things.registry import make_thing

CUP = {
    "height_m": 0.1,
    "profile": [[0.0, 0.03], [1.0, 0.04]],
    "mass_kg": 0.2,
    "friction": 0.5,
    "color": [0.8, 0.2, 0.2],
    "accent": [1.0, 1.0, 1.0],
    "pattern": "label",
}


def alone(cup: Cup, ball: bool = False) -> tuple[mujoco.MjModel, mujoco.MjData]:
    spec = new_scene(table_looks=0)
    cup.add_to(spec, "cup")
    if ball:
        body = spec.worldbody.add_body(name="ball")
        body.add_freejoint(name="ball")
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.012, 0, 0], mass=0.01)
    model = spec.compile()
    data = mujoco.MjData(model)
    cup.place(model, data, "cup", transform(None, [0.5, 0.0, 0.0005]))
    if ball:
        data.qpos[model.joint("ball").qposadr[0] : model.joint("ball").qposadr[0] + 3] = [0.505, 0.003, 0.15]
    return model, data


@pytest.fixture
def cup() -> Cup:
    return Cup.model_validate(CUP)


def test_a_cup_weighs_what_its_file_says(cup: Cup) -> None:
    model, _ = alone(cup)
    assert model.body("cup").mass[0] == pytest.approx(0.2, rel=1e-6)


def test_a_cup_stands_still(cup: Cup) -> None:
    model, data = alone(cup)
    mujoco.mj_step(model, data, 250)
    start = data.body("cup").xpos.copy()
    mujoco.mj_step(model, data, 1000)
    assert np.linalg.norm(data.body("cup").xpos - start) < 1e-5
    assert data.body("cup").xmat[8] > 1 - 1e-6


def test_a_ball_dropped_into_a_cup_lies_on_its_floor(cup: Cup) -> None:
    model, data = alone(cup, ball=True)
    mujoco.mj_step(model, data, 1500)
    place = data.body("ball").xpos - data.body("cup").xpos
    assert np.hypot(place[0], place[1]) < 0.03
    assert 0.012 < place[2] < 0.025


def test_train_and_test_cups_differ_in_two_dimensions_weight_friction_colour_and_profile() -> None:
    for name in ("pick_cup", "pour_cup"):
        task = load_task(name)
        a, b = (make_thing(task.objects(which).target, which) for which in ("train", "test"))
        assert isinstance(a, Cup) and isinstance(b, Cup)

        def far(x: float, y: float) -> bool:
            return abs(x - y) / min(x, y) >= 0.2

        assert far(a.height_m, b.height_m)
        assert far(a.profile[0][1], b.profile[0][1])
        assert far(a.mass_kg, b.mass_kg)
        assert a.friction != b.friction
        assert len(a.profile) != len(b.profile)
        assert np.abs(np.subtract(a.color, b.color)).max() > 0.3


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"profile": [[0.0, 0.03], [0.5, 0.04]]}, "rise from 0 to 1"),
        ({"mass_kg": -1.0}, "mass_kg"),
        ({"pattern": "dots"}, "pattern"),
        ({"handle": True}, "handle"),
    ],
)
def test_a_malformed_cup_is_refused_by_field(change: dict[str, object], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        make_thing(ObjectSpec(kind="cup", parameters=CUP | change), "task x: train.target")


def test_an_unknown_kind_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"teapot.*allowed: .*cup"):
        make_thing(ObjectSpec(kind="teapot", parameters={}), "task x: train.target")
