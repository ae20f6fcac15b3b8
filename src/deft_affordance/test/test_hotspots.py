"""Heatmaps against contact points: what a perfect, a blind and a wrong map score."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deft_affordance.hotspots import judd_area, scanpath_saliency, similarity, spread_out

SIZE = 24
POINTS = arrays(float, (3, 5, 2), elements=st.floats(0.0, 1.0))


@given(POINTS)
@settings(max_examples=30, deadline=None)
def test_a_perfect_map_is_alike_and_a_blind_one_scores_as_chance(points: np.ndarray) -> None:
    perfect, blind = spread_out(points, SIZE), np.full((3, SIZE, SIZE), SIZE**-2.0)
    assert perfect.sum(axis=(1, 2)) == pytest.approx([1.0] * 3)
    assert similarity(perfect, points) == pytest.approx([1.0] * 3)
    assert (judd_area(perfect, points) > 0.9).all() and (scanpath_saliency(perfect, points) > 1.0).all()
    assert judd_area(blind, points) == pytest.approx([0.5] * 3)
    assert scanpath_saliency(blind, points) == pytest.approx([0.0] * 3)
    assert (similarity(blind, points) < similarity(perfect, points)).all()


def test_a_map_of_another_place_is_worse_than_chance() -> None:
    true, wrong = np.full((1, 5, 2), 0.15), np.full((1, 5, 2), 0.85)
    elsewhere = spread_out(wrong, SIZE)
    assert similarity(elsewhere, true)[0] < 0.01 and scanpath_saliency(elsewhere, true)[0] < 0.0
    assert judd_area(elsewhere, true)[0] < 0.4


def test_judd_s_area_is_the_share_of_pairs_that_are_in_order() -> None:
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 5, size=(1, 6, 6)).astype(float)
    points = (np.array([[[1, 2], [4, 0], [5, 5]]]) + 0.5) / 6
    hit = {(2, 1), (0, 4), (5, 5)}
    others = [maps[0, r, c] for r in range(6) for c in range(6) if (r, c) not in hit]
    pairs = [(maps[0, r, c], other) for r, c in hit for other in others]
    assert judd_area(maps, points)[0] == pytest.approx(np.mean([(a > b) + 0.5 * (a == b) for a, b in pairs]))


def test_x_runs_to_the_right_and_y_down() -> None:
    row, column = np.unravel_index(spread_out(np.array([[[0.9, 0.1]]]), SIZE)[0].argmax(), (SIZE, SIZE))
    assert column > 18 and row < 5
