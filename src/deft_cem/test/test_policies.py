"""What residual policies learn from ten episodes, and what they refuse."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_cem.errors import PolicyError
from deft_cem.loop import fit_data
from deft_cem.policies import POLICIES, FitData, load_policy, make_policy
from deft_cem.policies.file import pack
from deft_cem.shrinkage import credit, departure, shrunk, spread
from deft_core.grasp import SIGMA_INITIAL


def scenes(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the object stands (-1..1), priors that follow it, embeddings that show it among noise."""
    place = rng.uniform(-1, 1, count)
    priors = np.zeros((count, 22)) + 0.2 * SIGMA_INITIAL * rng.normal(size=(count, 22))
    priors[:, 0] += 0.55 + 0.075 * place
    embeddings = 0.1 * rng.normal(size=(count, 64)) + place[:, None] * np.linspace(-1, 1, 64)
    return place, priors, embeddings


def toy(seed: int, kind: str, count: int = 30) -> tuple[FitData, np.ndarray]:
    rng = np.random.default_rng(seed)
    place, priors, embeddings = scenes(rng, count)
    truth = np.zeros((count, 22))
    if kind == "conditional":
        truth[:, 5] = 0.3 * place
    if kind == "bimodal":
        mode = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)[:, None]
        truth[:, :6] = 1.5 * SIGMA_INITIAL[:6] * mode
    residuals = truth + 0.3 * SIGMA_INITIAL * rng.normal(size=(count, 22))
    data = FitData(residuals, priors, embeddings, rng.uniform(0.5, 1.0, count), "pick_cup", "dash", "e" * 64)
    return data, truth


def predictions(policy, data: FitData) -> np.ndarray:
    rng = np.random.default_rng(9)
    return np.array([policy.predict(e, p, rng).residual for e, p in zip(data.embeddings, data.priors, strict=True)])


def fitted(name: str, data: FitData, options: dict | None = None):
    policy = make_policy(name, options)
    policy.fit(data, np.random.default_rng(1))
    return policy


def test_cvae_learns_how_the_residual_follows_the_scene():
    errors = []
    for seed in range(3):
        data, _ = toy(seed, "conditional")
        fresh, truth = toy(50 + seed, "conditional", 60)
        error = np.sqrt(np.mean((predictions(fitted("cvae", data), fresh)[:, 5] - truth[:, 5]) ** 2))
        errors.append(error / np.sqrt(np.mean(truth[:, 5] ** 2)))
    assert np.mean(errors) < 0.7  # 1 is what ignoring the scene costs


def test_cvae_keeps_two_modes_apart_where_the_mean_falls_between():
    data, _ = toy(0, "bimodal")
    fresh, _ = toy(50, "bimodal", 60)
    shares = predictions(fitted("cvae", data), fresh)[:, 4] / (1.5 * SIGMA_INITIAL[4])
    assert np.mean(np.abs(shares) < 0.4) < 0.05
    assert 0.1 < np.mean(shares > 0) < 0.9
    mean = predictions(fitted("elite_mean", data), fresh)[:, 4] / (1.5 * SIGMA_INITIAL[4])
    assert np.all(np.abs(mean) < 0.7)


def test_elites_without_a_pattern_give_their_mean_not_one_of_them():
    errors = {"cvae": [], "elite_mean": [], "one of the elites": []}
    for seed in range(3):
        data, _ = toy(seed, "none")
        fresh, _ = toy(50 + seed, "none", 30)
        for name in ("cvae", "elite_mean"):
            error = predictions(fitted(name, data), fresh) / SIGMA_INITIAL  # the truth is zero
            errors[name].append(np.sqrt(np.mean(error**2)))
        errors["one of the elites"].append(np.sqrt(np.mean((data.best(10).residuals / SIGMA_INITIAL) ** 2)))
    assert np.mean(errors["cvae"]) < 1.3 * np.mean(errors["elite_mean"])
    assert np.mean(errors["cvae"]) < 0.5 * np.mean(errors["one of the elites"])


def test_the_transformer_asked_for_the_highest_reward_gives_what_earned_it():
    errors, best = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        _, priors, embeddings = scenes(rng, 30)
        good = SIGMA_INITIAL * np.resize([1.0, -1.0], 22)
        share = rng.uniform(-1, 1, 30)  # tries reach from where nothing works to where everything does
        residuals = share[:, None] * good + 0.3 * SIGMA_INITIAL * rng.normal(size=(30, 22))
        data = FitData(residuals, priors, embeddings, 0.5 + 0.4 * share)
        policy = make_policy("transformer")
        policy.fit(data, np.random.default_rng(1))
        off = (predictions(policy, data) - 0.95 * good) / SIGMA_INITIAL
        errors.append(np.sqrt(np.mean(off**2)))
        best.append(np.sqrt(np.mean(((residuals.mean(axis=0) - good) / SIGMA_INITIAL) ** 2)))
        assert policy.tensors["box_low"].tolist() == residuals.min(axis=0).tolist()  # fitted to all, held to all
    assert np.mean(errors) < 0.5 * np.mean(best)  # half of what ignoring the reward costs


def test_a_mean_within_its_error_is_pulled_to_the_prior():
    np.testing.assert_allclose(shrunk(np.array([0.1, 3.0, 0.0]), np.array([0.04, 0.09, 0.0])), [0.0, 2.97, 0.0])


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30))
def test_credit_is_a_share_and_none_goes_below_the_average(rewards):
    every = np.array(rewards)
    best = np.sort(every)[::-1][:10]
    weights = credit(best, every)
    assert weights.sum() == pytest.approx(1.0) and (weights >= 0.0).all()
    assert (np.diff(weights) <= 1e-12).all()
    if best[0] > every.mean() + 1e-9:
        assert not weights[best < every.mean() - 1e-9].any()


@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_equal_weights_have_the_usual_variance_and_error(count, seed):
    values = np.random.default_rng(seed).normal(size=(count, 3))
    for ddof in (0, 1):
        variance, squared_error = spread(values, np.full(count, 1.0 / count), ddof)
        np.testing.assert_allclose(variance, values.var(axis=0, ddof=ddof))
        np.testing.assert_allclose(squared_error, variance / count)


def test_tries_that_found_nothing_move_the_prior_less():
    """Tries of which none stands out, scattered around the prior: their mean is chance, not a lesson."""
    learned, taken_as_is = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        n = 30
        data = FitData(
            residuals=SIGMA_INITIAL * rng.standard_normal((n, 22)),
            priors=np.tile(rng.normal(size=22), (n, 1)),
            embeddings=rng.normal(size=(n, 16)),
            rewards=0.1 + 0.1 * rng.random(n),
        )
        for options, sizes in (({}, learned), ({"weights": "equal", "shrink": False}, taken_as_is)):
            policy = make_policy("cvae", options)
            policy.fit(data, np.random.default_rng(0))
            residual = policy.predict(data.embeddings[0], data.priors[0], np.random.default_rng(1)).residual
            sizes.append(np.sqrt(np.mean((residual / SIGMA_INITIAL) ** 2)))
    assert np.mean(learned) < 0.75 * np.mean(taken_as_is)


def test_a_scene_like_none_before_is_not_extrapolated():
    data, _ = toy(0, "conditional")
    policy = fitted("cvae", data)
    far = policy.predict(50.0 * data.embeddings[0], data.priors[0] + 10.0, np.random.default_rng(0))
    assert far.novelty > 10
    best = data.best(10).residuals
    assert np.all(far.residual >= best.min(axis=0)) and np.all(far.residual <= best.max(axis=0))
    # Nothing of the scene is left: another scene as far away gets the same.
    other = policy.predict(-70.0 * data.embeddings[1], data.priors[1] - 10.0, np.random.default_rng(0))
    np.testing.assert_allclose(other.residual, far.residual, atol=1e-9)


def test_leaving_the_box_is_said():
    data, _ = toy(0, "conditional")
    prediction = fitted("direct", data).predict(data.embeddings[0], data.priors[0] + 0.5, np.random.default_rng(0))
    assert "contact_x" in prediction.outside
    assert "residual box" in prediction.note


@pytest.mark.parametrize("name", POLICIES)
def test_same_data_and_seed_give_the_same_bytes_and_survive_a_file(name, tmp_path):
    data, _ = toy(0, "conditional")
    policy, again = fitted(name, data), fitted(name, data)
    assert policy.to_bytes() == again.to_bytes()
    sha256 = policy.save(tmp_path / "policy.safetensors")
    loaded = load_policy(tmp_path / "policy.safetensors")
    assert loaded.hash == sha256 == policy.hash
    np.testing.assert_array_equal(predictions(loaded, data), predictions(policy, data))


@pytest.mark.parametrize("name", POLICIES)
def test_reports_its_uncertainty(name):
    data, _ = toy(0, "conditional")
    prediction = fitted(name, data).predict(data.embeddings[0], data.priors[0], np.random.default_rng(0))
    assert prediction.std.shape == (22,)
    assert np.all(prediction.std > 0)


def test_the_paper_draws_a_single_z():
    data, _ = toy(0, "bimodal")
    policy = fitted("cvae", data, {"z_samples": 1})
    rng = np.random.default_rng(0)
    draws = {policy.predict(data.embeddings[0], data.priors[0], rng).residual.tobytes() for _ in range(5)}
    assert len(draws) == 5


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_fewer_episodes_than_elites_are_fitted_with_a_warning(name, count, caplog):
    data, _ = toy(0, "conditional", count)
    policy = make_policy(name)
    report = policy.fit(data, np.random.default_rng(1))
    assert report.elites == count
    assert "10 were wanted" in caplog.text
    assert np.all(np.isfinite(predictions(policy, data)))


def test_all_equal_rewards_and_scenes_are_fitted_with_a_warning(caplog):
    data, _ = toy(0, "conditional")
    same = FitData(data.residuals, np.ones((30, 22)), np.ones((30, 8)), np.zeros(30))
    policy = fitted("cvae", same)
    assert "rewards equal 0" in caplog.text
    assert np.all(np.isfinite(policy.predict(np.ones(8), np.ones(22), np.random.default_rng(0)).residual))


def test_refuses_what_it_cannot_use(tmp_path):
    data, _ = toy(0, "conditional")
    policy = fitted("elite_mean", data)
    with pytest.raises(PolicyError, match="'leap'"):
        policy.check_fits("leap", "e" * 64)
    with pytest.raises(PolicyError, match="image encoder"):
        policy.check_fits("dash", "f" * 64)
    with pytest.raises(PolicyError, match="shape"):
        policy.predict(np.zeros(3), np.zeros(22), np.random.default_rng(0))
    with pytest.raises(PolicyError, match="not fitted"):
        make_policy("cvae").predict(np.zeros(3), np.zeros(22), np.random.default_rng(0))
    with pytest.raises(PolicyError, match="cvae, mlp"):
        make_policy("gmm")
    with pytest.raises(PolicyError, match="no finished episode"):
        FitData(np.zeros((0, 22)), np.zeros((0, 22)), np.zeros((0, 4)), np.zeros(0))
    with pytest.raises(PolicyError, match="no policy file"):
        load_policy(tmp_path / "none.safetensors")
    path = tmp_path / "policy.safetensors"
    policy.save(path)
    for damaged in (path.read_bytes()[:-9], b"\xff" * 40, b""):
        path.write_bytes(damaged)
        with pytest.raises(PolicyError, match="damaged"):
            load_policy(path)
    for about in ({"policy": "elite_mean"}, [], {"format": "x", "policy": "", "config": {}, "origin": {}}):
        path.write_bytes(pack(about, policy.tensors))
        with pytest.raises(PolicyError, match="not a policy"):
            load_policy(path)
    with pytest.raises(PolicyError, match="directory"):
        load_policy(tmp_path)
    with pytest.raises(PolicyError, match="no finished episode"):
        fit_data([], "pick_cup", "dash")


def with_prior_tries(earned: tuple[float, float], better: float) -> FitData:
    """Thirty tries: two of the prior as it is; half of the others, all moved up, earn 0.9 + `better`, half 0.2."""
    data, _ = toy(0, "mean")
    residuals, rewards = data.residuals.copy(), np.full(30, 0.9)
    residuals[:2] = 0.0
    residuals[2:, 2] += SIGMA_INITIAL[2]
    rewards[:2] = earned
    rewards[2:16] += better
    rewards[16:] = 0.2
    return replace(data, residuals=residuals, rewards=rewards)


def test_a_prior_that_was_tried_is_left_only_as_far_as_the_best_tries_earned_more_by_more_than_chance(tmp_path):
    cases = (((0.9, 0.9), 0.03, False), ((0.9, 0.9), 0.1, False), ((0.9, 0.4), 0.03, False), ((0.2, 0.2), 0.1, True))
    for earned, better, moves in cases:
        data = with_prior_tries(earned, better)
        policy = fitted("cvae", data)
        policy.save(tmp_path / "policy.safetensors")
        seen = predictions(load_policy(tmp_path / "policy.safetensors"), data)
        assert (np.abs(seen[:, 2]) > 0.2 * SIGMA_INITIAL[2]).all() == moves, (earned, better)
        assert np.abs(seen).max() > 0.0 if moves else (seen == 0.0).all()
    data = with_prior_tries((0.9, 0.9), 0.03)
    assert np.abs(predictions(fitted("cvae", data, {"keep": False}), data)).max() > 0.0
    certain = replace(data, rewards=np.where(np.arange(30) < 2, 0.5, 0.95 + 0.002 * np.arange(30) / 30))
    assert (np.abs(predictions(fitted("cvae", certain), certain)[:, 2]) > 0.2 * SIGMA_INITIAL[2]).all()


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30), st.integers(0, 30))
def test_how_far_to_leave_the_prior_is_a_share(values, tried):
    rewards = np.array(values)
    of_prior = np.arange(len(rewards)) < tried
    best = np.sort(rewards)[::-1][:10]
    share = departure(rewards, of_prior, best)
    assert 0.0 <= share <= 1.0
    if tried == 0:
        assert share == 1.0
    elif best.mean() <= rewards[of_prior].mean():
        assert share == 0.0
