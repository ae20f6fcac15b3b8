"""The room: solver settings, table, floor, lights, and what of them varies from scene to scene."""

from dataclasses import dataclass

import mujoco
import numpy as np

from deft_sim.model.paint import TABLE_PAINTS, add_texture

TIMESTEP_S = 0.002
TABLE_SIZE_M = (1.5, 1.8, 0.04)
TABLE_CENTRE_M = (0.45, 0.0)
# A paint of each kind, in two colours: what a table may look like.
TABLE_LOOKS = 2 * len(TABLE_PAINTS)
VISUAL_GROUP, COLLISION_GROUP = 0, 3
CAMERA = "camera"


def new_scene(*, table_looks: int = TABLE_LOOKS, look_seed: int = 7) -> mujoco.MjSpec:
    """Start a scene: an empty table whose top is the plane z = 0 of base_link.

    Solver settings are the ones that were fast and steady for grasping: Newton, implicit-in-velocity, elliptic cones
    with impratio 10 so that a held thing does not creep.

    Args:
        table_looks: how many table materials the model carries (`vary` picks one).
        look_seed: seed of their paint.
    """
    spec = mujoco.MjSpec()
    spec.modelname = "deft_twin"
    spec.compiler.autolimits = False
    spec.compiler.degree = False
    option = spec.option
    option.timestep = TIMESTEP_S
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.solver = mujoco.mjtSolver.mjSOL_NEWTON
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10.0
    option.iterations = 30
    option.ls_iterations = 20
    spec.visual.map.znear = 0.02
    spec.visual.map.zfar = 8.0
    spec.stat.extent = 1.0
    spec.stat.center = [0.45, 0.0, 0.1]
    spec.visual.headlight.ambient = [0.28, 0.28, 0.28]
    spec.visual.headlight.diffuse = [0.12, 0.12, 0.12]
    spec.visual.headlight.specular = [0.0, 0.0, 0.0]
    spec.visual.quality.shadowsize = 1024
    spec.visual.quality.offsamples = 4
    spec.visual.global_.offwidth = 1280
    spec.visual.global_.offheight = 960
    rng = np.random.default_rng(look_seed)
    for k in range(table_looks):
        paint = TABLE_PAINTS[k % len(TABLE_PAINTS)]
        add_texture(spec, f"table{k}", paint(rng), (4.0, 4.0), specular=0.1, shininess=0.2)
    world = spec.worldbody
    world.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[4, 4, 0.1], pos=[0, 0, -0.75], rgba=[0.45, 0.44, 0.43, 1]
    )
    world.add_geom(
        name="table",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[s / 2 for s in TABLE_SIZE_M],
        pos=[*TABLE_CENTRE_M, -TABLE_SIZE_M[2] / 2],
        material="table0" if table_looks else "",
        friction=[0.7, 0.005, 0.0001],
        condim=3,
        solref=[0.01, 1.0],
    )
    world.add_camera(name=CAMERA, pos=[0.0, 0.0, 1.0])
    for name, pos, diffuse, shadow in (
        ("key", [0.2, 0.9, 1.8], 0.55, True),
        ("fill", [0.9, -1.0, 1.6], 0.30, False),
    ):
        world.add_light(
            name=name,
            pos=pos,
            dir=(np.array([0.5, 0.0, 0.0]) - pos).tolist(),
            type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
            diffuse=[diffuse] * 3,
            specular=[0.1] * 3,
            castshadow=shadow,
        )
    return spec


@dataclass(frozen=True)
class SceneLook:
    """What a scene looks like beside what stands in it. Light varies by a third, as between a dull and a bright day."""

    table: int
    key_azimuth_rad: float
    key_strength: float
    fill_strength: float
    warmth: float
    exposure: float

    @classmethod
    def draw(cls, rng: np.random.Generator, tables: int = TABLE_LOOKS) -> "SceneLook":
        """Draw a look."""
        return cls(
            table=int(rng.integers(max(tables, 1))),
            key_azimuth_rad=float(rng.uniform(-np.pi, np.pi)),
            key_strength=float(rng.uniform(0.38, 0.68)),
            fill_strength=float(rng.uniform(0.18, 0.38)),
            warmth=float(rng.uniform(-0.06, 0.06)),
            exposure=float(rng.uniform(0.85, 1.15)),
        )

    def apply(self, model: mujoco.MjModel) -> None:
        """Set table paint and lights of a model. Exposure is the camera's to apply."""
        material = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_MATERIAL, f"table{self.table}")
        if material >= 0:
            model.geom_matid[model.geom("table").id] = material
        tint = np.array([1.0 + self.warmth, 1.0, 1.0 - self.warmth])
        key, fill = model.light("key").id, model.light("fill").id
        eye = np.array([0.5 + 0.9 * np.cos(self.key_azimuth_rad), 0.9 * np.sin(self.key_azimuth_rad), 1.8])
        model.light_pos[key] = eye
        model.light_dir[key] = (np.array([0.5, 0, 0]) - eye) / np.linalg.norm(np.array([0.5, 0, 0]) - eye)
        model.light_diffuse[key] = self.key_strength * tint
        model.light_diffuse[fill] = self.fill_strength * tint
