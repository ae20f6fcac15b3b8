"""Ellipses of contact points: their spread is the heat's, in pixels and in metres before the camera."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_affordance.ellipses import ellipses, spreads
from deft_core.workcell import load_workcell

K = np.array([[615.0, 0, 320], [0, 600.0, 240], [0, 0, 1]])
CROP = (200, 100, 96, 96)


def gaussian(centre: np.ndarray, wide: float, narrow: float, angle: float) -> np.ndarray:
    """Heat over the crop at one pixel a pixel: sigma `wide` along `angle`, `narrow` across it."""
    x, y = np.meshgrid(np.arange(96) + 200.5, np.arange(96) + 100.5)
    c, s = np.cos(angle), np.sin(angle)
    along, across = (x - centre[0]) * c + (y - centre[1]) * s, (y - centre[1]) * c - (x - centre[0]) * s
    heat = np.exp(-((along / wide) ** 2) / 2 - (across / narrow) ** 2 / 2)
    return heat / heat.sum()


@given(st.floats(4.0, 9.0), st.floats(2.0, 4.0), st.floats(-1.5, 1.5))
@settings(max_examples=30, deadline=None)
def test_one_point_s_ellipse_is_its_heat_s(wide: float, narrow: float, angle: float) -> None:
    centre = np.array([248.0, 150.0])
    [found] = spreads(gaussian(centre, wide, narrow, angle), CROP, centre[None])
    variance, axes = np.linalg.eigh(found)
    assert np.sqrt(variance) == pytest.approx([narrow, wide], rel=0.03)
    if wide - narrow > 1.0:
        assert abs(axes[:, 1] @ [np.cos(angle), np.sin(angle)]) > 0.99


def test_heat_belongs_to_the_point_beside_it() -> None:
    places = np.array([[225.0, 148.0], [275.0, 148.0]])
    heat = 0.5 * gaussian(places[0], 3.0, 3.0, 0.0) + 0.5 * gaussian(places[1], 6.0, 3.0, 0.0)
    sharp, blunt = spreads(heat, CROP, places)
    assert np.sqrt(np.diag(sharp)) == pytest.approx([3.0, 3.0], rel=0.1)
    assert np.sqrt(np.diag(blunt)) == pytest.approx([6.0, 3.0], rel=0.1)


@pytest.mark.parametrize("angle", [0.0, 0.6, 1.5])
def test_in_space_it_faces_the_camera_and_has_its_size(angle: float) -> None:
    T = load_workcell("twin").camera.T_base_camera
    centre, depth = np.array([248.0, 150.0]), 0.8
    place = T[:3, :3] @ (depth * np.linalg.solve(K, [*centre, 1.0])) + T[:3, 3]
    seen = SimpleNamespace(
        heatmap=gaussian(centre, 8.0, 3.0, angle), crop=CROP, contacts_px=centre[None], contacts_base=place[None]
    )
    [(T_ellipse, width)] = ellipses(seen, SimpleNamespace(K=K, T_base_camera=T))
    assert np.allclose(T_ellipse[:3, 3], place) and np.linalg.det(T_ellipse[:3, :3]) == pytest.approx(1.0)
    assert abs(T_ellipse[:3, 2] @ T[:3, 2]) == pytest.approx(1.0)
    assert sorted(width[:2]) == pytest.approx([2 * 3.0 * depth / 610, 2 * 8.0 * depth / 610], rel=0.05)
    long = T_ellipse[:3, int(np.argmax(width))]
    assert abs(long @ T[:3, :3] @ [np.cos(angle), np.sin(angle), 0.0]) > 0.98
