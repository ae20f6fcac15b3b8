"""The paper's CEM against numbers worked out by hand, and what every optimiser owes."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_cem.errors import OptimizerError, RewardError
from deft_cem.optimizers import OPTIMIZERS, Optimizer, make_optimizer
from deft_core.grasp import SIGMA_INITIAL


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def told(name: str, rewards: list[float], options: dict | None = None) -> Optimizer:
    optimizer = make_optimizer(name, generator(), options)
    for reward in rewards:
        optimizer.tell(optimizer.ask(), reward)
    return optimizer


def test_starts_from_table_4_around_the_prior():
    draws = np.array([make_optimizer("cem", generator(seed)).ask() for seed in range(4000)])
    np.testing.assert_allclose(draws.std(axis=0), SIGMA_INITIAL, rtol=0.06)
    np.testing.assert_allclose(draws.mean(axis=0) / SIGMA_INITIAL, 0.0, atol=0.07)
    np.testing.assert_array_equal(SIGMA_INITIAL, [0.02] * 3 + [0.2] * 3 + [0.05] * 16)


def test_first_refit_follows_the_eleventh_episode():
    assert not told("cem", [0.1 * k for k in range(10)]).distribution().fitted
    assert told("cem", [0.05 * k for k in range(11)]).distribution().fitted


def test_the_prose_reading_refits_after_the_tenth():
    assert told("cem", [0.1 * k for k in range(10)], {"refit": "prose"}).distribution().fitted


def test_fits_mean_and_spread_of_the_best_over_all_episodes():
    optimizer = make_optimizer("cem", generator(), {"warm_up": 2, "elites": 2})
    unit = np.ones(22)
    for value, reward in ((1.0, 0.9), (5.0, 0.1), (3.0, 0.8), (7.0, 0.2)):
        optimizer.tell(value * unit, reward)
    after = optimizer.distribution()
    # Best two of all four are 1 and 3: mean 2, maximum-likelihood standard deviation 1.
    np.testing.assert_allclose(after.mean, 2.0 * unit)
    np.testing.assert_allclose(after.sigma, unit)
    assert after.elites == (1, 3)
    assert after.elite_rewards == (0.9, 0.8)


def test_cem_near_tries_nearer_and_believes_less_of_the_elites():
    rewards = [0.05 * k for k in range(11)]
    near, paper = told("cem_near", rewards), told("cem", rewards)
    np.testing.assert_allclose(near.residuals, 0.4 * np.array(paper.residuals))
    np.testing.assert_allclose(near.distribution().sigma, 0.4 * paper.distribution().sigma)
    assert near.distribution().elites == paper.distribution().elites
    assert np.all(np.abs(near.distribution().mean) < 0.4 * np.abs(paper.distribution().mean))


def test_unbiased_spread_is_an_option():
    optimizer = make_optimizer("cem", generator(), {"warm_up": 2, "elites": 2, "ddof": 1})
    for value, reward in ((1.0, 0.9), (5.0, 0.1), (3.0, 0.8)):
        optimizer.tell(value * np.ones(22), reward)
    np.testing.assert_allclose(optimizer.distribution().sigma, np.sqrt(2.0))


@pytest.mark.parametrize(("ties", "elites"), [("earlier", (1, 2)), ("later", (3, 2))])
def test_ties_are_broken_as_asked(ties, elites):
    optimizer = make_optimizer("cem", generator(), {"warm_up": 2, "elites": 2, "ties": ties})
    for value in (1.0, 2.0, 3.0):
        optimizer.tell(value * np.ones(22), 0.5)
    assert optimizer.distribution().elites == elites


def test_smoothing_floor_and_memory_hold_the_distribution():
    options = {"warm_up": 2, "elites": 2, "smoothing": 0.5, "sigma_floor": 0.5, "memory": 2, "sigma_scale": 1.0}
    options |= {"weights": "equal", "ddof": 0}
    optimizer = make_optimizer("cem_smooth", generator(), options)
    for value, reward in ((9.0, 1.0), (0.01, 0.5), (0.01, 0.5)):
        optimizer.tell(value * SIGMA_INITIAL, reward)
    after = optimizer.distribution()
    assert 1 not in after.elites  # forgotten
    np.testing.assert_allclose(after.mean, 0.5 * 0.01 * SIGMA_INITIAL)
    np.testing.assert_allclose(after.sigma, 0.5 * SIGMA_INITIAL)


def test_all_equal_rewards_fit_with_a_warning(caplog):
    optimizer = told("cem", [0.0] * 12)
    assert optimizer.distribution().fitted
    assert "equal" in caplog.text


def test_fewer_episodes_than_elites_fit_with_a_warning(caplog):
    optimizer = told("cem", [0.1, 0.2, 0.3], {"warm_up": 2})
    assert optimizer.distribution().elites == (3, 2, 1)
    assert "3 episodes for 10 elites" in caplog.text


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("reward", [float("nan"), -0.01, 1.01, float("inf")])
def test_refuses_what_is_no_reward_and_learns_nothing(name, reward):
    optimizer = make_optimizer(name, generator())
    before = optimizer.state_dict()
    with pytest.raises(RewardError, match=r"\[0, 1\]"):
        optimizer.tell(np.zeros(22), reward)
    assert optimizer.state_dict() == before


@pytest.mark.parametrize("bad", [np.zeros(21), np.full(22, np.nan)])
def test_refuses_what_is_no_residual(bad):
    with pytest.raises(OptimizerError, match="22"):
        make_optimizer("cem", generator()).tell(bad, 0.5)


def test_unknown_names_list_what_exists():
    with pytest.raises(OptimizerError, match="cem, cem_near, cem_smooth, cmaes"):
        make_optimizer("sgd", generator())
    with pytest.raises(OptimizerError, match="warm_up"):
        make_optimizer("cem", generator(), {"elite": 3})


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("scale", [-1.0, 0.0])
def test_a_sigma_scale_that_is_none_is_refused(name, scale):
    with pytest.raises(OptimizerError, match="sigma_scale"):
        make_optimizer(name, generator(), {"sigma_scale": scale})


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(sorted(OPTIMIZERS)),
    seed=st.integers(0, 2**32),
    rewards=st.lists(st.floats(0, 1), max_size=34),
    unasked=st.integers(0, 2),
)
def test_state_round_trips_through_json_and_goes_on_the_same(name, seed, rewards, unasked):
    first = make_optimizer(name, generator(seed))
    for reward in rewards if name in ("cem", "cem_near", "cem_smooth", "cmaes") else rewards[:11]:
        first.tell(first.ask(), reward)
    for _ in range(unasked):
        first.ask()
    state = json.loads(json.dumps(first.state_dict(), allow_nan=False))
    second = make_optimizer(name, generator(seed + 1))
    second.load_state_dict(state)
    assert second.state_dict() == first.state_dict()
    for reward in (0.3, 0.7, 0.1):
        residual = first.ask()
        np.testing.assert_array_equal(second.ask(), residual)
        first.tell(residual, reward)
        second.tell(residual, reward)
    np.testing.assert_array_equal(first.distribution().mean, second.distribution().mean)


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state["rewards"].__setitem__(3, 1.5),
        lambda state: state["residuals"].pop(),
        lambda state: state["residuals"].__setitem__(3, [0.0]),
        lambda state: state.pop("generator"),
        lambda state: state["generator"].pop("state"),
        lambda state: state.pop("extra"),
        lambda state: state.__setitem__("extra", {}),
    ],
)
@pytest.mark.parametrize("name", ["cem", "cmaes", "preference"])
def test_damaged_state_is_refused_and_nothing_is_taken_from_it(name, damage):
    optimizer = told(name, [0.1, 0.2])
    before, state = optimizer.state_dict(), json.loads(json.dumps(told(name, [0.5] * 6).state_dict()))
    damage(state)
    with pytest.raises(OptimizerError, match="damaged"):
        optimizer.load_state_dict(state)
    assert optimizer.state_dict() == before


def test_state_of_another_optimiser_or_other_options_is_refused():
    state = make_optimizer("cem", generator()).state_dict()
    with pytest.raises(OptimizerError, match="'cem'"):
        make_optimizer("cmaes", generator()).load_state_dict(state)
    with pytest.raises(OptimizerError, match="elites"):
        make_optimizer("cem", generator(), {"elites": 5}).load_state_dict(state)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_thirty_tries_come_nearer_to_a_hidden_residual(name):
    gains = []
    for seed in range(5):
        optimizer = make_optimizer(name, generator(seed))
        hidden = SIGMA_INITIAL * generator(100 + seed).normal(size=22)

        def score(residual, hidden=hidden):
            return float(np.exp(-0.05 * np.sum(((residual - hidden) / SIGMA_INITIAL) ** 2)))

        for _ in range(30):
            residual = optimizer.ask()
            optimizer.tell(residual, score(residual))
        gains.append(score(optimizer.distribution().mean) - score(np.zeros(22)))
    assert np.mean(gains) > 0.03


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ([([0.0] * 22, 0.5)] * 3, "at least 4"),
        ([([0.0] * 22, 7.0)] * 4, r"\[0, 1\]"),
        ([([0.0] * 21, 0.5)] * 4, "22 numbers"),
    ],
)
def test_cmaes_refuses_a_warm_start_it_cannot_use(source, match):
    with pytest.raises((OptimizerError, RewardError), match=match):
        make_optimizer("cmaes", generator(), {"warm_start": source})


def test_cmaes_warm_starts_at_good_residuals_of_another_run():
    good = (0.8 * SIGMA_INITIAL).tolist()
    bad = (-2.0 * SIGMA_INITIAL).tolist()
    source = [(good, 0.9)] * 6 + [(bad, 0.1)] * 14
    optimizer = make_optimizer("cmaes", generator(), {"warm_start": source})
    np.testing.assert_allclose(optimizer.distribution().mean, good, rtol=1e-6)
