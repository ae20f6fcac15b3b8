"""Which detectors label which data set: from command-line choices to objects, in any process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deft_affordance.video.detectors.detic import DeticFiles
from deft_affordance.video.detectors.doh import DohFiles, EpicHands
from deft_affordance.video.detectors.frankmocap import FrankMocapFiles, load_mean_pose
from deft_affordance.video.detectors.hoi4d import Hoi4dLabels
from deft_affordance.video.detectors.models import MediaPipeHands, SamMasks
from deft_affordance.video.detectors.protocols import DepthReader, HandObjectDetector, HandPoser, ObjectMasker
from deft_affordance.video.detectors.skin import SkinColor
from deft_affordance.video.detectors.tracks import TrackFiles
from deft_affordance.video.errors import SourceUnusable
from deft_affordance.video.label import Detectors
from deft_affordance.video.readers.epic import home


@dataclass(frozen=True)
class Choice:
    """What the user chose; None takes what the data set itself brings.

    Attributes:
        hands: folder of 100DOH's --det_dir files, one folder a video.
        landmarker: MediaPipe's hand_landmarker.task, instead.
        masks: folder of Detic's results, one folder a video.
        sam: Segment Anything checkpoint, instead.
        poses: folder of FrankMocap's pickles, one folder a video, or of any tracker's archives, one a video.
        mano_mean: .npy of MANO's mean hand pose, which FrankMocap's poses are counted from.
        first_image: number of the image of frame 0 in these files.
        depth: use depth where the data set has it.
    """

    hands: Path | None = None
    landmarker: Path | None = None
    masks: Path | None = None
    sam: Path | None = None
    poses: Path | None = None
    mano_mean: Path | None = None
    first_image: int = 1
    depth: bool = True

    def detectors(self, source: str, root: Path) -> Detectors:
        """Detectors for a data set; raises SourceUnusable naming what is missing."""
        if source == "synthetic":  # filed as EPIC-KITCHENS-100, with everything beside it
            mean = load_mean_pose(root / "hands_mean.npy")
            poses = FrankMocapFiles(root / "frankmocap", mean)
            return Detectors(EpicHands(home(root)), DeticFiles(root / "detic"), SkinColor(), poses)
        own = Hoi4dLabels(root) if source == "hoi4d" else None
        depth: DepthReader | None = own if self.depth and own else None
        hands, masks, poses_from = self._hands(source, root), self._masks(source), self._poses(source)
        pixels = own if own and not self.masks and not self.sam else None
        return Detectors(
            hands or _need(own), masks or _need(own), pixels or SkinColor(), poses_from or _need(own), depth
        )

    def _hands(self, source: str, root: Path) -> HandObjectDetector | None:
        if self.hands:
            return DohFiles(self.hands, self.first_image)
        if self.landmarker:
            return MediaPipeHands(self.landmarker)
        if source == "epic":
            return EpicHands(home(root))
        if source == "ego4d":
            raise SourceUnusable(
                "Ego4D brings no detections for every frame: give --hands FOLDER (files of the 100DOH detector's "
                "demo.py --det_dir, one folder a video) or --landmarker hand_landmarker.task"
            )
        return None

    def _masks(self, source: str) -> ObjectMasker | None:
        if self.masks:
            return DeticFiles(self.masks, self.first_image)
        if self.sam:
            return SamMasks(self.sam)
        if source != "hoi4d":
            raise SourceUnusable(
                f"{source} brings no object masks: give --masks FOLDER (Detic's coco_instances_results.json, one "
                "folder a video) or --sam CHECKPOINT"
            )
        return None

    def _poses(self, source: str) -> HandPoser | None:
        if self.poses and any(self.poses.glob("*.npz")):
            return TrackFiles(self.poses)
        if self.poses:
            return FrankMocapFiles(self.poses, load_mean_pose(self.mano_mean), self.first_image)
        if source != "hoi4d":
            raise SourceUnusable(
                f"{source} brings no hand poses: give --poses FOLDER (FrankMocap's --save_pred_pkl files, one folder a "
                "video, and --mano-mean FILE; or another tracker's, one <video>.npz a video, see `deft_core.clip`)"
            )
        return None


def _need(own: Hoi4dLabels | None) -> Hoi4dLabels:
    assert own is not None  # the choices above raise first
    return own
