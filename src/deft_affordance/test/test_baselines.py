"""What the prior is compared with, and how."""

import numpy as np

from deft_affordance.baselines import guess
from deft_affordance.comparison import holm, p_better, per_object


def test_the_mean_of_kind_and_verb_keeps_groups_apart(samples):
    g = guess("mean of kind and verb", samples, samples)
    for verb in ("pick", "pour"):
        rows = np.flatnonzero(samples["verb"] == verb)
        np.testing.assert_allclose(g.contacts[rows[0]], samples["contacts"][rows].mean(axis=0))


def test_comparisons():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(per_object(np.array([1.0, 3.0, 5.0]), np.array([7, 7, 9])), [2.0, 5.0])
    better, worse = np.arange(12.0), np.arange(12.0) + np.linspace(0.5, 1.5, 12)
    assert p_better(better, worse) < 0.001 < 0.99 < p_better(worse, better)
    assert p_better(better, better) == 1.0
