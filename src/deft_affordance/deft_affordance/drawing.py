"""What a person sees of an affordance: contacts and heatmap on the image, contacts and a posed hand in space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_affordance.ellipses import ellipses
from deft_core.geometry import Array, apply, to_quaternion
from deft_core.hand import HandModel
from deft_core.observation import Affordance, RGBDFrame
from deft_core.wrist import wrist_pose


def overlay(frame: RGBDFrame, affordance: Affordance) -> NDArray[np.uint8]:
    """The colour image (H, W, 3) with the crop, the heatmap over it, the contact points, and their mean."""
    return paint(frame.color, affordance.crop, affordance.heatmap, affordance.contacts_px)


def paint(
    color: NDArray[np.uint8], crop: tuple[int, int, int, int], heatmap: NDArray[np.floating], contacts_px: Array
) -> NDArray[np.uint8]:
    """An image (H, W, 3) RGB with a crop (x, y, width, height), a heatmap (h, w) over it, contacts and their mean."""
    image = color.copy()
    x, y, w, h = crop
    left, top = max(0, -x), max(0, -y)  # a crop may begin outside the image
    window = image[y + top : y + h, x + left : x + w] if x + w > 0 and y + h > 0 else image[:0]
    rows, columns = window.shape[:2]
    if rows and columns:
        heat = np.asarray(cv2.resize(heatmap, (w, h), interpolation=cv2.INTER_LINEAR), dtype=float)
        heat = heat[top : top + rows, left : left + columns] / max(float(heat.max()), 1e-9)
        colors = cv2.applyColorMap(np.asarray(255 * heat, dtype=np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
        share = 0.65 * heat[..., None]
        window[:] = np.asarray((1 - share) * window + share * colors, dtype=np.uint8)
    cv2.rectangle(image, (x, y), (x + w - 1, y + h - 1), (255, 255, 255), 1)
    for point in contacts_px:
        cv2.circle(image, _pixel(point), 3, (60, 220, 60), -1)
    cv2.drawMarker(image, _pixel(contacts_px.mean(axis=0)), (80, 200, 255), cv2.MARKER_CROSS, 12, 2)
    return image


def _pixel(point: Array) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def hand_lines(affordance: Affordance, hand: HandModel, contact_in_wrist: Array) -> Array:
    """The proposed hand as line segments (n, 2, 3) in base_link: palm to knuckles, then along each finger."""
    T = wrist_pose(affordance.prior, contact_in_wrist)
    points = hand.finger_points(affordance.prior.joints)
    chains = np.concatenate([np.zeros((4, 1, 3)), points], axis=1)
    segments = np.stack([chains[:, :-1], chains[:, 1:]], axis=2).reshape(-1, 2, 3)
    return apply(T, segments)


def markers(
    affordance: Affordance,
    frame: RGBDFrame,
    hand: HandModel,
    contact_in_wrist: Array,
    Marker: Callable[[], Any],
    Point: Callable[..., Any],
    stamp: Any,
) -> list[Any]:
    """visualization_msgs/Marker of contacts with their ellipses, their mean, the gripper's frame and the posed hand.

    Args:
        affordance: what to show, in base_link.
        frame: what it was seen in.
        hand, contact_in_wrist: to place the hand.
        Marker, Point: the message classes.
        stamp: builtin_interfaces/Time for the headers.
    """

    def points(values: Array) -> list[Any]:
        return [Point(x=float(x), y=float(y), z=float(z)) for x, y, z in values.reshape(-1, 3)]

    def make(name: str, number: int, kind: int, width_m: float, rgb: tuple[float, float, float], values: Array) -> Any:
        marker = Marker()
        marker.header.frame_id, marker.header.stamp = "base_link", stamp
        marker.ns, marker.id, marker.type, marker.action = name, number, kind, marker.ADD
        marker.pose.orientation.w = 1.0
        marker.scale.x = marker.scale.y = marker.scale.z = width_m
        marker.color.r, marker.color.g, marker.color.b, marker.color.a = *rgb, 1.0
        marker.points = points(values)
        return marker

    kinds = Marker()
    T = wrist_pose(affordance.prior, contact_in_wrist)
    lines = hand_lines(affordance, hand, contact_in_wrist)
    out = [
        make("contacts", 0, kinds.SPHERE_LIST, 0.008, (0.2, 0.9, 0.2), affordance.contacts_base),
        make("contact", 0, kinds.SPHERE_LIST, 0.014, (0.3, 0.8, 1.0), affordance.prior.contact[None]),
        make("hand", 0, kinds.LINE_LIST, 0.006, (0.95, 0.75, 0.3), lines),
    ]
    for number, (T_ellipse, width_m) in enumerate(ellipses(affordance, frame)):
        marker = make("spread", number, kinds.SPHERE, 0.0, (0.2, 0.9, 0.2), np.zeros((0, 3)))
        (x, y, z), (qx, qy, qz, qw) = to_quaternion(T_ellipse)
        marker.pose.position.x, marker.pose.position.y, marker.pose.position.z = float(x), float(y), float(z)
        turn = marker.pose.orientation
        turn.x, turn.y, turn.z, turn.w = float(qx), float(qy), float(qz), float(qw)
        marker.scale.x, marker.scale.y, marker.scale.z = (float(v) for v in width_m)
        marker.color.a = 0.35
        out.append(marker)
    for axis in range(3):
        ends = np.array([T[:3, 3], T[:3, 3] + 0.06 * T[:3, axis]])
        out.append(
            make("gripper", axis, kinds.LINE_LIST, 0.004, (float(axis == 0), float(axis == 1), float(axis == 2)), ends)
        )
    return out
