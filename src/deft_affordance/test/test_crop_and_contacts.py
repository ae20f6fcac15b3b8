import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deft_affordance.contacts import fit_contact_points, nearest_on_mask
from deft_affordance.crop import Crop, box_of

boxes = st.tuples(st.integers(0, 600), st.integers(0, 440), st.integers(1, 120), st.integers(1, 120))
unit = st.floats(0.0, 1.0)


@given(boxes, unit, unit)
def test_unit_and_pixel_coordinates_round_trip(box, x, y):
    crop = Crop.around(box)
    np.testing.assert_allclose(crop.to_unit(crop.to_pixels([x, y])), [x, y], atol=1e-9)


@given(boxes)
def test_a_crop_holds_its_box(box):
    crop = Crop.around(box)
    x, y, w, h = box
    corners = crop.to_unit([[x - 0.5, y - 0.5], [x + w - 0.5, y + h - 0.5]])
    assert (corners > -0.02).all() and (corners < 1.02).all()


def test_cut_keeps_what_is_where():
    image = np.zeros((100, 100, 3), np.uint8)
    image[40:60, 30:50] = 255
    mask = image[..., 0] > 0
    crop = Crop.around(box_of(mask))
    cut = crop.cut(image, 96)
    rows, columns = np.nonzero(cut[..., 0] > 127)
    centre = np.array([columns.mean() + 0.5, rows.mean() + 0.5]) / 96
    np.testing.assert_allclose(centre, crop.to_unit([39.5, 49.5]), atol=0.02)


@given(st.integers(-40, 60), st.integers(-40, 60), st.integers(60, 200), unit, unit)
def test_heat_stays_where_it_is_when_the_crop_begins_outside_the_image(left, top, side, x, y):
    heat = np.zeros((24, 24), np.float32)
    heat[int(y * 23), int(x * 23)] = 1.0
    crop = Crop(left, top, side)
    (x0, y0, width, height), part = crop.from_corner(heat)
    assert x0 >= 0 and y0 >= 0 and (x0 + width, y0 + height) == (left + side, top + side)
    if left >= 0 and top >= 0:
        assert (x0, y0) == (left, top) and part.shape == heat.shape
    if not part.any():
        return  # it is outside the image
    row, column = np.argwhere(part)[0]
    place = [x0 + (column + 0.5) * width / part.shape[1], y0 + (row + 0.5) * height / part.shape[0]]
    np.testing.assert_allclose(
        place, [left + (int(x * 23) + 0.5) * side / 24, top + (int(y * 23) + 0.5) * side / 24], atol=1.0
    )


def test_mixture_finds_separate_clusters():
    rng = np.random.default_rng(0)
    true = np.array([[10.0, 50], [30, 20], [50, 60], [70, 30], [90, 50]])
    samples = np.concatenate([c + rng.normal(size=(40, 2)) for c in true])
    rng.shuffle(samples)
    np.testing.assert_allclose(fit_contact_points(samples), true, atol=1.0)


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0, 400)), min_size=1, max_size=30))
def test_contact_points_stay_among_the_samples(samples):
    points = fit_contact_points(np.array(samples))
    low, high = np.min(samples, axis=0), np.max(samples, axis=0)
    assert points.shape == (5, 2) and (points >= low - 1e-6).all() and (points <= high + 1e-6).all()
    assert (np.diff(points[:, 0]) >= -1e-9).all()


def test_nearest_pixel_of_a_mask():
    mask = np.zeros((10, 10), bool)
    assert nearest_on_mask(np.array([3.0, 3.0]), mask) is None
    mask[2, 8] = mask[9, 0] = True
    assert nearest_on_mask(np.array([6.0, 3.0]), mask) == (8, 2)
