"""Trust-region Bayesian optimisation, in all dimensions and in the hand's subspace, and from comparisons."""

import json

import numpy as np
import pytest

from deft_cem.errors import OptimizerError
from deft_cem.optimizers import make_optimizer
from deft_cem.optimizers.bayes import SUBSPACE_FILE, subspace
from deft_core.grasp import HAND, SIGMA_INITIAL

NAMES = ("bayes", "bayes_hand", "preference")


def told(name, count, score, seed=0):
    optimizer = make_optimizer(name, np.random.default_rng(seed))
    for _ in range(count):
        residual = optimizer.ask()
        optimizer.tell(residual, score(residual))
    return optimizer


def near(hidden):
    return lambda residual: float(np.exp(-0.05 * np.sum(((residual - hidden) / SIGMA_INITIAL) ** 2)))


@pytest.mark.parametrize("name", NAMES)
def test_the_model_asks_for_better_tries_than_the_warm_up(name):
    hidden = SIGMA_INITIAL * np.concatenate([[1.0, -1.0, 1.0, 1.0, -1.0, 1.0], np.zeros(16)])
    gains = []
    for seed in range(3):
        rewards = told(name, 16, near(hidden), seed).rewards
        gains.append(np.mean(rewards[8:]) - np.mean(rewards[:8]))
    assert np.mean(gains) > 0.05


def test_the_first_tries_are_the_prior_as_it_is_and_go_on_when_resumed():
    optimizer = make_optimizer("bayes", np.random.default_rng(0))
    for _ in range(2):
        np.testing.assert_array_equal(optimizer.ask(), np.zeros(22))
        optimizer.tell(np.zeros(22), 0.5)
        resumed = make_optimizer("bayes", np.random.default_rng(1))
        resumed.load_state_dict(json.loads(json.dumps(optimizer.state_dict())))
        optimizer = resumed
    assert np.abs(optimizer.ask()).min() > 0.0
    assert np.abs(make_optimizer("bayes", np.random.default_rng(0), {"prior_tries": 0}).ask()).min() > 0.0


def test_a_prior_that_needs_no_change_is_hardly_changed():
    """The best tries' mean stays nearer to it than without the tries of the prior itself."""
    off = {}
    for tries in (0, 2):
        means = []
        for seed in range(3):
            optimizer = make_optimizer("bayes", np.random.default_rng(seed), {"prior_tries": tries})
            for _ in range(16):
                residual = optimizer.ask()
                optimizer.tell(residual, near(np.zeros(22))(residual))
            best = np.argsort(optimizer.rewards)[::-1][:10]
            means.append(np.linalg.norm(np.array(optimizer.residuals)[best].mean(axis=0) / SIGMA_INITIAL))
        off[tries] = np.mean(means)
    assert off[2] < 0.75 * off[0]


def test_the_tries_after_them_are_centred_on_the_prior():
    def third(seed: int) -> np.ndarray:
        optimizer = make_optimizer("bayes", np.random.default_rng(seed))
        for _ in range(2):
            optimizer.tell(optimizer.ask(), 0.5)
        return optimizer.ask()

    asked = np.array([third(s) for s in range(2000)]) / SIGMA_INITIAL
    np.testing.assert_allclose(asked.mean(axis=0), 0.0, atol=0.06)
    np.testing.assert_allclose(asked.std(axis=0), 0.6, rtol=0.08)


def test_the_subspace_moves_the_hand_only_as_hands_that_hold_things_differ():
    optimizer = told("bayes_hand", 14, near(SIGMA_INITIAL))
    hands = (np.array(optimizer.residuals) / SIGMA_INITIAL)[:, HAND]
    directions = np.array(json.loads(SUBSPACE_FILE.read_text())["directions"])
    np.testing.assert_allclose(directions @ directions.T, np.eye(16), atol=1e-5)
    off = hands - hands @ directions[:4].T @ directions[:4]
    assert np.abs(off).max() < 1e-4 < np.abs(hands).max()
    assert subspace(4, 22).shape == (22, 10)
    with pytest.raises(OptimizerError, match="22 parameters"):
        subspace(4, 21)


def test_preferences_use_the_order_of_rewards_alone():
    one, two = (make_optimizer("preference", np.random.default_rng(0)) for _ in range(2))
    for _ in range(12):
        residual = one.ask()
        np.testing.assert_array_equal(two.ask(), residual)
        reward = near(SIGMA_INITIAL)(residual)
        one.tell(residual, reward)
        two.tell(residual, reward**3)
    assert one.pairs() == two.pairs()
    assert all(one.rewards[a] > one.rewards[b] for a, b in one.pairs())


def test_a_comparison_alone_teaches_and_survives_saving():
    optimizer = make_optimizer("preference", np.random.default_rng(0))
    for _ in range(8):
        optimizer.tell(optimizer.ask(), 0.5)  # scores that say nothing
    assert optimizer.pairs() == []
    optimizer.prefer(3, 5)
    optimizer.prefer(3, 7)
    again = make_optimizer("preference", np.random.default_rng(9))
    again.load_state_dict(json.loads(json.dumps(optimizer.state_dict())))
    assert again.pairs() == [(2, 4), (2, 6)]
    np.testing.assert_array_equal(again.ask(), optimizer.ask())
    for better, worse in ((3, 3), (0, 1), (1, 9)):
        with pytest.raises(OptimizerError, match="not two of the 8"):
            optimizer.prefer(better, worse)


@pytest.mark.parametrize("name", NAMES)
def test_rewards_that_are_all_equal_are_answered_with_the_region_s_own_draws(name):
    optimizer = told(name, 10, lambda _: 0.0)
    assert np.all(np.isfinite(optimizer.ask()))
