"""A video of one flat picture and a clip of it, for the tests of what reads detectors' files."""

import numpy as np

from deft_affordance.video.record import Clip

SIZE = (64, 48)


class FlatVideo:
    size = SIZE
    path = None

    def __init__(self, image=None):
        self.image = np.zeros((48, 64, 3), np.uint8) if image is None else image

    def frame(self, index):
        return self.image


def clip(tmp_path, video_id="P01_01", **changes):
    values = {"source": "epic", "clip_id": "a", "video_id": video_id, "video": tmp_path / "v.mp4", "start": 0,
              "stop": 90, "fps": 30.0, "text": "take cup", "verb": "take", "noun": "cup", "group": "P01"}  # fmt: skip
    return Clip(**values | changes)
