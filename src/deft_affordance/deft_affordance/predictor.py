"""From an RGB-D capture and an instruction to where and how to grasp (paper, 3.1): the `Predictor` of deft_core.

Find the object that is meant (tabletop segmentation from depth, what each thing looks like), crop it, ask the model,
move the mean contact to the nearest measured pixel of the object, deproject it, turn the wrist from the camera's frame
to base_link, retarget the fingers. It refuses rather than guess.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deft_affordance.checkpoint import TextInput, checkpoint_hash, load_prior
from deft_affordance.contacts import nearest_on_mask
from deft_affordance.crop import Crop
from deft_affordance.errors import ContactOffObject, NoDepth, UnknownInstruction
from deft_affordance.model import Prediction
from deft_affordance.own_pinch import own_way, tips_meet
from deft_affordance.picking import Picker
from deft_affordance.placing import Standing, stand, tip_matcher
from deft_affordance.predictor_settings import PredictorSettings
from deft_core.geometry import Array, apply
from deft_core.grasp import GraspParameters
from deft_core.hand import HandModel, load_hand
from deft_core.observation import Affordance, RGBDFrame
from deft_core.wrist import rotation_from_camera, rpy_from_rotation
from deft_perception.deprojection import deproject
from deft_perception.segmentation import segment_tabletop
from deft_vision.clip_match import ClipMatcher
from deft_vision.images import to_batch
from deft_vision.sam import Sam
from deft_vision.text import FUNCTION_WORDS


class AffordancePredictor:
    """The learned prior, ready for frames.

    Args:
        checkpoint: a prior's safetensors file; by default the one that ships.
        hand: the robot's hand.
        settings: what is refused.
        clip_checkpoint: CLIP weights, for a prior that uses CLIP's text encoder, and to tell which of several things
            an instruction means; without them the prior's own encoder tells.
        sam_checkpoint: Segment Anything's weights, to outline the object that depth found; without them depth's own
            outline serves.
        threads: CPU threads of torch, for the whole process; a network this small is fastest on one, and several
            that spin beside busy cores make it many times slower. None leaves torch as it is.
        retargeting: how the robot's fingertips come where the person's are in a pinch: "anatomical", by the person's
            angles and the least change of them (`fingertips`), or "dex", by dex-retargeting, where that is installed.
            A hand's own way to pinch is a change of the former, and left out with the latter.

    Attributes:
        contact_in_wrist: (3,) metres: the constant that ties contact to wrist in the grasp parameters.
        checkpoint_hash: SHA-256 of the checkpoint file.
        encoder_hash: SHA-256 of the visual encoder's weights.
    """

    def __init__(
        self,
        checkpoint: Path | str | None = None,
        hand: HandModel | None = None,
        settings: PredictorSettings | None = None,
        clip_checkpoint: Path | str | None = None,
        sam_checkpoint: Path | str | None = None,
        threads: int | None = 1,
        retargeting: str = "anatomical",
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self.prior = load_prior(checkpoint)
        self.hand = hand or load_hand()
        self.settings = settings or PredictorSettings()
        self._text = TextInput(self.prior.config, self.prior.vocabulary, clip_checkpoint)
        clip = ClipMatcher(self._text.clip or clip_checkpoint) if clip_checkpoint else None
        self._picker = Picker(self.prior, clip, Sam(sam_checkpoint) if sam_checkpoint else None)
        self._tips = tip_matcher(retargeting, self.hand)
        self._own_way = retargeting == "anatomical"
        self.contact_in_wrist: Array = self.prior.contact_in_wrist
        self.checkpoint_hash = checkpoint_hash(checkpoint)
        self.encoder_hash = self.prior.encoder_hash
        size = self.prior.config.model.image_size
        self.infer([np.zeros((size, size, 3), np.uint8)], "pick")  # warm start: the first call builds torch's kernels

    def predict(self, frame: RGBDFrame, instruction: str, point: Array | None = None) -> Affordance:
        """Predict where and how to grasp what the instruction asks for.

        Args:
            frame: the capture.
            instruction: what to do with the object.
            point: (3,) in base_link, metres, where a person points: the object there is meant, whatever the
                instruction calls it.

        Raises:
            UnknownInstruction: the text is empty or says nothing the prior knows.
            PerceptionRefused: no object, nothing where the person points, no depth at the contact, contact off the
                object or out of the workspace.
        """
        if not instruction.strip():
            raise UnknownInstruction("the instruction is empty; say what to do with the object, e.g. 'pour the cup'")
        if not self._text.known(instruction):
            words = [word for word in self.prior.vocabulary if word not in FUNCTION_WORDS]
            raise UnknownInstruction(
                f"no word of the instruction {instruction!r} that names a thing or what to do is known to this prior; "
                f"it knows, among others: {', '.join(words[:12])}"
            )
        found = segment_tabletop(frame, self.settings.segmentation)
        target = self._picker.pick(found, frame, instruction, point)
        crop = Crop.around(target.box)
        out = self.infer([crop.cut(frame.color, self.prior.config.model.image_size)], instruction)
        unit = out.contacts[0].double().numpy()
        pixels = crop.to_pixels(unit)
        heat = out.heatmaps[0].mean(dim=0).numpy()
        pixel, depth = self._contact(pixels.mean(axis=0), target.mask, frame.depth_mm, crop)
        contact = self._to_base(np.array([pixel]), np.array([depth]), frame)[0]
        self.settings.refuse_out_of_reach(contact, target)
        wrist = out.wrist[0].double().numpy()
        mano = out.mano[0].double().numpy()
        R = rotation_from_camera(wrist, frame.T_base_camera)
        # The grasp's contact is the hand's point of reference: where it lies when the hand is where it ought to be.
        standing = self.standing(mano)
        reference = contact + R @ (self.contact_in_wrist - standing.contact_in_wrist)
        hold = GraspParameters(reference, rpy_from_rotation(R), standing.joints)
        box, heat = crop.from_corner(heat)  # a message's crop cannot begin outside the image
        return Affordance(
            instruction=instruction,
            crop=box,
            contacts_px=pixels,
            contacts_base=self._contacts_base(pixels, target.mask, frame, contact),
            contact_weights=np.full(len(pixels), 1.0 / len(pixels)),
            heatmap=(heat / heat.sum()).astype(np.float32),
            wrist_rotation_camera=wrist,
            mano_pose=mano,
            score=confidence(out.heatmaps[0].numpy(), unit),
            embedding=out.embedding[0].numpy(),
            encoder_hash=self.encoder_hash,
            contact_depth_m=depth,
            prior=self.own_way(hold, mano, standing.wrap),
            capture_id=frame.capture_id,
        )

    def standing(self, mano: Array) -> Standing:
        """How this hand stands for a person's hold of a MANO pose (45,), rad."""
        human = self.prior.contact_map(mano) if self.prior.contact_map else self.prior.contact_in_wrist
        return stand(mano, human, self.hand, self._tips)

    def own_way(self, hold: GraspParameters, mano: Array, wrap: float) -> GraspParameters:
        """What this hand does, over its table, with a person's hold of a MANO pose (45,), carried to it.

        Args:
            hold: with the person's wrist, tip on tip or seated in the palm.
            mano: (45,) rad.
            wrap: 1 where the palm holds, 0 where the fingertips do (`Standing.wrap`).
        """
        tips, meet = (1.0 - wrap, tips_meet(mano)) if self._own_way else (0.0, 0.0)
        return own_way(hold, self.contact_in_wrist, self.hand, self.settings.segmentation.table_z_m, tips, meet)

    def infer(self, crops: list[NDArray[np.uint8]], instruction: str) -> Prediction:
        """f alone: what the prior's network says of RGB crops (image_size, image_size, 3) under one instruction."""
        with torch.inference_mode():
            return self.prior.model(
                to_batch(crops, self.prior.config.model.image_size), self._text([instruction] * len(crops))
            )

    def _contact(
        self, pixel: Array, mask: NDArray[np.bool_], depth_mm: NDArray[np.uint16], crop: Crop
    ) -> tuple[tuple[int, int], float]:
        """The pixel of the object nearest to the mean contact that has depth, and that depth (m, local median)."""
        on_object = nearest_on_mask(pixel, mask)
        # Asked so that a gap that is not a number is too wide.
        if (
            on_object is None
            or not np.hypot(*(np.array(on_object) - pixel)) <= self.settings.max_off_object * crop.side
        ):
            raise ContactOffObject(
                f"the predicted contact at pixel ({pixel[0]:.0f}, {pixel[1]:.0f}) lies off the object; is the object "
                "of a kind this prior was trained on?"
            )
        measured = nearest_on_mask(np.array(on_object), mask & (depth_mm > 0))
        if measured is None or not np.hypot(*(np.array(measured) - on_object)) <= self.settings.max_depth_gap_px:
            raise NoDepth(
                f"no depth on the object within {self.settings.max_depth_gap_px:.0f} px of the contact at "
                f"pixel ({on_object[0]}, {on_object[1]}): shiny or too near?"
            )
        u, v = measured
        window = np.s_[max(v - 2, 0) : v + 3, max(u - 2, 0) : u + 3]
        near = depth_mm[window][mask[window] & (depth_mm[window] > 0)].astype(float)
        # The median of what lies on the same surface: across a rim the window sees two.
        near = near[np.abs(near - float(depth_mm[v, u])) < 15.0]
        return measured, float(np.median(near)) / 1000.0

    def _contacts_base(self, pixels: Array, mask: NDArray[np.bool_], frame: RGBDFrame, fallback: Array) -> Array:
        """Each contact point (k, 3) in base_link, at the object's nearest measured pixel."""
        usable = mask & (frame.depth_mm > 0)
        places = [nearest_on_mask(pixel, usable) for pixel in pixels]
        if any(place is None for place in places):
            return np.tile(fallback, (len(pixels), 1))
        uv = np.array(places)
        return self._to_base(uv, frame.depth_mm[uv[:, 1], uv[:, 0]] / 1000.0, frame)

    @staticmethod
    def _to_base(pixels: Array, depth_m: Array, frame: RGBDFrame) -> Array:
        return apply(frame.T_base_camera, deproject(pixels, depth_m, frame.K, frame.distortion))


def confidence(heatmaps: NDArray[np.float32], contacts: Array, radius: float = 0.12) -> float:
    """How sure the heatmaps are: the mean share of probability within `radius` (of the crop) of the predicted points.

    Args:
        heatmaps: (k, h, w), each sums to 1.
        contacts: (k, 2) in [0, 1].
    """
    _, h, w = heatmaps.shape
    x, y = (np.arange(w) + 0.5) / w, (np.arange(h) + 0.5) / h
    shares = []
    for heat, (cx, cy) in zip(heatmaps, contacts, strict=True):
        inside = (x[None, :] - cx) ** 2 + (y[:, None] - cy) ** 2 < radius**2
        shares.append(float(heat[inside].sum()))
    return float(np.clip(np.mean(shares), 0.0, 1.0))
