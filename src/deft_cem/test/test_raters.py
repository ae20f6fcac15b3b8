"""Image rewards: more like the demonstration's last image is better; what is missing is named."""

from pathlib import Path

import numpy as np
import pytest
import torch

from deft_cem.errors import RewardError
from deft_cem.raters.embedding import EMBEDDING_RATERS, EmbeddingRater, RaterError, goal_image, load_encoder, make_rater
from deft_cem.rewards import combine, parse_reward
from deft_core.observation import Rating, RGBDFrame
from deft_core.task import available_tasks, load_task
from deft_vision.encoders import ImageEncoder
from deft_vision.resnet import ResNet18

SHIPPED = Path(__file__).parents[2] / "deft_affordance" / "deft_affordance" / "checkpoints" / "twin.safetensors"


def frame(color: np.ndarray) -> RGBDFrame:
    K = np.array([[60.0, 0, 32], [0, 60.0, 24], [0, 0, 1]])
    return RGBDFrame(color, np.zeros(color.shape[:2], np.uint16), K, np.zeros(5), np.eye(4), 1, 0.0)


@pytest.mark.parametrize("task", available_tasks())
def test_every_task_has_a_goal_image_and_it_gets_the_highest_reward(task):
    loaded = load_task(task)
    goal = goal_image(loaded)
    rater = make_rater("encoder", SHIPPED, loaded)
    same = rater.rate(frame(goal))
    assert same.reward == pytest.approx(1.0, abs=1e-6)
    assert (same.rater, same.success) == ("encoder", None)
    rewards = [rater.rate(frame((goal * share).astype(np.uint8))).reward for share in (0.95, 0.5, 0.0)]
    assert 1.0 > rewards[0] > rewards[1] > rewards[2] > 0.0


def test_a_published_encoder_rates_too():
    torch.manual_seed(0)
    goal = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    rater = EmbeddingRater("resnet18", ImageEncoder("resnet18", ResNet18(64), 224), goal)
    rating = rater.rate(frame(255 - goal))
    assert 0.0 < rating.reward < 1.0 and rating.rater == "resnet18"
    assert rating.details["embedding_distance"] > 0.0


@pytest.mark.parametrize("name", ["r3m", "resnet18"])
def test_a_missing_checkpoint_is_named_with_its_source(name, tmp_path):
    for path in (None, tmp_path / "none.pt"):
        with pytest.raises(RaterError, match="https://"):
            load_encoder(name, path)


def test_what_is_no_rater_or_has_no_goal_is_refused(tmp_path):
    with pytest.raises(RaterError, match=", ".join(EMBEDDING_RATERS)):
        load_encoder("clip", None)
    task = load_task("pick_cup").model_copy(update={"demonstration": str(tmp_path / "mine.json")})
    with pytest.raises(RaterError, match="extract_demo"):
        goal_image(task)


def test_rewards_add_up_with_their_weights_and_say_who_gave_what():
    assert parse_reward("judge") == [(1.0, "judge")]
    assert parse_reward("3*judge + encoder") == [(0.75, "judge"), (0.25, "encoder")]
    parts = [(0.75, Rating(1.0, None, "encoder", details={"distance": 2.0})), (0.25, Rating(0.2, True, "operator"))]
    both = combine(parts)
    assert both.reward == pytest.approx(0.8)
    assert (both.success, both.redo, both.rater) == (True, False, "0.75*encoder+0.25*operator")
    assert both.details == {"encoder.distance": 2.0, "encoder.reward": 1.0, "operator.reward": 0.2}
    assert combine([(0.5, parts[0][1]), (0.5, Rating(0.0, None, "operator", redo=True))]).redo


@pytest.mark.parametrize("text", ["", "judge+judge", "-1*judge", "x*judge", "nan*judge", "judge+", "0*judge+operator"])
def test_what_is_no_reward_is_refused(text):
    with pytest.raises(RewardError, match=text.replace("*", r"\*").replace("+", r"\+") or "reward"):
        parse_reward(text)
