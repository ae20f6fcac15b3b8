"""What the prior is trained towards, and on."""

import numpy as np
import pytest
import torch
from deft_affordance_small_prior import WORDS, trainer
from scipy.spatial.transform import Rotation

from deft_affordance.augment import augment
from deft_affordance.baselines import guess
from deft_affordance.batches import Batches
from deft_affordance.checkpoint import TextInput
from deft_affordance.data.shards import Samples
from deft_affordance.rotations import continuous


def test_augmentation_moves_contacts_with_the_image(config):
    settings = config.train.model_copy(
        update={"augment_shift": 0.1, "augment_scale": 0.2, "augment_color": 0.0, "augment_shadow": 0.0}
    )
    images = torch.zeros(16, 3, 64, 64)
    images[:, :, 38:42, 22:26] = 255.0
    contacts = torch.tensor([24.0 / 64, 40.0 / 64]).expand(16, 1, 2)
    out, moved = augment(images, contacts, settings, torch.Generator().manual_seed(0))
    axis = (torch.arange(64) + 0.5) / 64
    weight = out[:, 0] / out[:, 0].sum(dim=(1, 2), keepdim=True)
    seen = torch.stack([(weight.sum(1) * axis).sum(1), (weight.sum(2) * axis).sum(1)], dim=1)
    assert torch.allclose(seen, moved[:, 0], atol=0.01)


def test_wrist_labels_do_not_jump_at_half_a_turn(samples):
    turns = Rotation.from_rotvec([np.pi, 0.1, 0.2]) * Rotation.from_rotvec(
        np.linspace(-1, 1, 41)[:, None] * [0.6, 0.2, 0]
    )
    vectors = continuous(turns.as_rotvec())
    assert np.linalg.norm(np.diff(vectors, axis=0), axis=1).max() < 0.1
    assert np.linalg.norm(np.diff(turns.as_rotvec(), axis=0), axis=1).max() > 1.0
    assert (Rotation.from_rotvec(vectors).inv() * turns).magnitude().max() < 1e-9
    split = Samples(samples.columns | {"wrist": turns.as_rotvec()[:32], "wrist_true": turns.as_rotvec()[:32]})
    mean = Rotation.from_rotvec(guess("mean pose", split, split).wrist[0])
    assert (mean.inv() * turns[16]).magnitude() < 0.15


@pytest.mark.parametrize("ours", [True, False])
def test_wrist_labels_and_where_outputs_start_are_options(config, samples, ours):
    jumping = Samples(samples.columns | {"wrist": np.tile([-3.0, 0.1, 0.2], (len(samples), 1))})
    settings = config.train.model_copy(update={"continuous_wrist": ours, "centred_outputs": ours})
    run = trainer(config.model_copy(update={"train": settings}), jumping)
    expected = continuous(jumping["wrist"]) if ours else jumping["wrist"]
    np.testing.assert_allclose(run.data.wrist.numpy(), expected, rtol=1e-6)
    start = run.model.mean_output.numpy()
    np.testing.assert_allclose(start[:3], expected[0] if ours else np.zeros(3), rtol=1e-6)
    assert bool(np.any(start[3:])) is ours


def test_balance_draws_small_groups_more_often(config, samples):
    uneven = samples.take(np.r_[np.arange(0, 32, 2), 1, 3])  # 16 pick, 2 pour
    batches = Batches.of(uneven, TextInput(config, WORDS), config.train)
    rng = torch.Generator().manual_seed(0)

    def pours(balance):
        return np.mean([float((batches.order(balance, rng) >= 16).float().mean()) for _ in range(200)])

    assert sorted(batches.order(0.0, rng).tolist()) == list(range(18))
    assert pours(0.0) == pytest.approx(2 / 18) and pours(1.0) == pytest.approx(0.5, abs=0.03)
    assert pours(0.0) < pours(0.5) < pours(1.0)
