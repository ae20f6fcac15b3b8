"""The paper's baseline without a prior (section 5, "real-world only"): heuristics in its place.

"We detect the object [...] and let the contact location prior be the center of the bounding box. We randomly sample the
rotation angle and use a half-closed hand as the grasp pose prior." Left open, and chosen here: the angle turns the hand
about its line of approach from `deft_core.wrist`'s nominal pose, within a quarter turn either way, and is drawn once a
run, which is the reading under which thirty tries can still mend it.
"""

from __future__ import annotations

import hashlib

import numpy as np
from scipy.spatial.transform import Rotation

from deft_affordance.contacts import nearest_on_mask
from deft_affordance.crop import Crop
from deft_core.errors import PerceptionRefused
from deft_core.geometry import Array, apply
from deft_core.grasp import FINGER_JOINTS, GraspParameters
from deft_core.hand import HandModel
from deft_core.observation import Affordance, RGBDFrame
from deft_core.wrist import R_NOMINAL, approach_direction, rpy_from_rotation
from deft_perception.deprojection import deproject
from deft_perception.segmentation import segment_tabletop
from deft_vision.encoders import ImageEncoder

QUARTER_TURN = np.pi / 2


def _angle(seed: int) -> float:
    return float(np.random.default_rng([seed, 0xB0C5]).uniform(-QUARTER_TURN, QUARTER_TURN))


def heuristic_hash(seed: int) -> str:
    """What stands in the place of a checkpoint's hash."""
    return hashlib.sha256(f"box centre, turn {_angle(seed)!r}, half closed".encode()).hexdigest()


class BoxCentrePredictor:
    """Contact at the middle of the object's box, one random rotation, a half-closed hand.

    Args:
        hand: The robot's hand.
        contact_in_wrist: (3,) metres, of the prior that ships: where this hand expects the contact.
        encoder: What the policy sees the scene by; the baseline differs in the grasp alone.
        seed: Of the run.
    """

    def __init__(self, hand: HandModel, contact_in_wrist: Array, encoder: ImageEncoder, seed: int) -> None:
        self.contact_in_wrist = contact_in_wrist
        self._encoder = encoder
        turn = Rotation.from_rotvec(_angle(seed) * approach_direction(R_NOMINAL, contact_in_wrist)).as_matrix()
        self._rpy = rpy_from_rotation(turn @ R_NOMINAL)
        bends = np.array([joint != "side" for joint in FINGER_JOINTS] * 4)
        self._joints = hand.clip(np.where(bends, 0.5 * hand.upper, 0.0))

    def predict(self, frame: RGBDFrame, instruction: str) -> Affordance:
        """Look for the object; raises PerceptionRefused where there is none or it has no depth."""
        target = segment_tabletop(frame)[0]
        x, y, width, height = target.box
        centre = np.array([x + width / 2, y + height / 2])
        pixel = nearest_on_mask(centre, target.mask & (frame.depth_mm > 0))
        if pixel is None:
            raise PerceptionRefused("no depth was measured on the object")
        depth = float(frame.depth_mm[pixel[1], pixel[0]]) / 1000.0
        contact = apply(frame.T_base_camera, deproject([pixel], [depth], frame.K, frame.distortion))[0]
        crop = Crop.around(target.box)
        return Affordance(
            instruction=instruction,
            crop=(max(crop.left, 0), max(crop.top, 0), crop.side, crop.side),
            contacts_px=centre[None],
            contacts_base=contact[None],
            contact_weights=np.ones(1),
            heatmap=np.ones((1, 1), np.float32),
            wrist_rotation_camera=np.zeros(3),
            mano_pose=np.zeros(45),
            score=1.0,
            embedding=self._encoder.embed(crop.cut(frame.color, self._encoder.image_size)),
            encoder_hash=self._encoder.hash,
            contact_depth_m=depth,
            prior=GraspParameters(contact, self._rpy, self._joints),
            capture_id=frame.capture_id,
        )
