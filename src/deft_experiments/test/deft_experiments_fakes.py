"""A twin without physics: success is near where the scene's seed says."""

import numpy as np

from deft_cem.trial import Bench
from deft_core.demonstration import load_demonstration
from deft_core.grasp import SIGMA_INITIAL, GraspParameters
from deft_core.hand import load_hand
from deft_core.observation import Affordance, Rating, RGBDFrame
from deft_core.task import load_task
from deft_core.workcell import Outcome, load_workcell


class Cell:
    """Success is near where the scene's seed says."""

    contact_in_wrist = np.array([-0.1, -0.03, 0.02])

    def reset(self, objects, seed):
        self.scene = np.random.default_rng(seed)
        self.prior = np.concatenate([[0.55, 0.0, 0.1], np.zeros(3), np.full(16, 0.4)])

    def look(self):
        K = np.array([[60.0, 0, 32], [0, 60.0, 24], [0, 0, 1]])
        return RGBDFrame(
            np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64), np.uint16), K, np.zeros(5), np.eye(4), 1, 0.0
        )

    def predict(self, frame, instruction):
        return Affordance(
            instruction=instruction,
            crop=(0, 0, 9, 9),
            contacts_px=np.zeros((1, 2)),
            contacts_base=np.zeros((1, 3)),
            contact_weights=np.ones(1),
            heatmap=np.ones((1, 1), np.float32),
            wrist_rotation_camera=np.zeros(3),
            mano_pose=np.zeros(45),
            score=1.0,
            embedding=np.ones(8, np.float32),
            encoder_hash="e",
            contact_depth_m=0.7,
            prior=GraspParameters.from_vector(self.prior),
            capture_id=1,
        )

    def execute(self, motion):
        self.grasp = motion.grasp.vector
        return Outcome("", 0.0)

    def rate(self, rater, initial, final):
        off = np.mean(((self.grasp - self.prior) / SIGMA_INITIAL)[:3])
        return Rating(float(1 / (1 + np.exp(-2 * off))), bool(off > 0), rater)

    def close(self):
        pass


class FakeTwin:
    def __init__(self, task, seed, prior="", setup=None):
        cell, hand = load_workcell("twin"), load_hand()
        self.workcell = Cell()
        loaded = load_task(task)
        demonstration = load_demonstration(loaded.demonstration)
        self.bench = Bench(self.workcell, self.workcell, loaded, demonstration, hand, cell)
        self.hashes = self.hashes_of(task, seed, prior, setup)

    @staticmethod
    def hashes_of(task, seed, prior="", setup=None):
        return {"prior": prior or "p"}

    def close(self):
        pass
