"""Object masks by Segment Anything (Kirillov et al., 2023), from a local checkpoint; an optional extra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deft_vision.checkpoints import SOURCES, first_sentence, require_file
from deft_vision.errors import CheckpointLayoutError, MissingExtraError

SAM_TYPES = ("vit_h", "vit_l", "vit_b")
Box = tuple[float, float, float, float]


class Sam:
    """One Segment Anything model, frozen. Not thread-safe: it keeps the last image's embedding.

    Args:
        checkpoint: sam_vit_h_4b8939.pth or another published file; its name must say which size it is.
        device: torch's name of where it runs.

    Raises:
        MissingExtraError: segment_anything (and the torchvision it needs) is not installed.
        MissingCheckpointError: no file there.
        CheckpointLayoutError: the name says no size, or the file is of another model.
    """

    def __init__(self, checkpoint: Path | str, device: str = "cpu") -> None:
        try:
            from segment_anything import SamPredictor, sam_model_registry
        except (ImportError, RuntimeError) as error:  # torchvision of another build than torch's raises RuntimeError
            raise MissingExtraError(
                "Segment Anything needs segment-anything and torch's own torchvision: pip install -c "
                f"requirements/constraints.txt segment-anything torchvision ({error})"
            ) from error
        path = require_file("sam", checkpoint)
        kind = next((name for name in SAM_TYPES if name in path.name), None)
        if kind is None:
            raise CheckpointLayoutError(f"{path}: the name must hold {', '.join(SAM_TYPES)}, as published files do")
        try:
            self._predictor = SamPredictor(sam_model_registry[kind](checkpoint=str(path)).eval().to(device))
        except Exception as error:  # as in `read_torch`: a dozen kinds mean the same to the reader
            raise CheckpointLayoutError(
                f"{path} is not {SOURCES['sam']} of size {kind} ({first_sentence(error)})"
            ) from error
        self._shown: object = None

    def mask(
        self, image: NDArray[np.uint8], box: Box, key: object = None, point: tuple[float, float] | None = None
    ) -> NDArray[np.bool_] | None:
        """The best mask (H, W) for a box (left, top, right, bottom), pixels; None if it is empty.

        Args:
            image: (H, W, 3) RGB.
            box: around the object.
            point: x, y of a pixel on the object, if one is known.
            key: names the image, where it may be asked about again: embedding one takes nearly all of the time.
        """
        if key is None or key != self._shown:
            self._predictor.set_image(np.ascontiguousarray(image))
            self._shown = key
        prompt = {} if point is None else {"point_coords": np.array([point]), "point_labels": np.array([1])}
        masks, _, _ = self._predictor.predict(box=np.array(box), multimask_output=False, **prompt)
        return np.asarray(masks[0], dtype=bool) if masks[0].any() else None
