"""Episodes and optimiser states as messages, without importing any message: callers pass one in to be filled."""

from __future__ import annotations

from typing import Any

import numpy as np

from deft_cem.config import RunConfig
from deft_cem.optimizers.base import Distribution
from deft_cem.store.episode import Episode
from deft_core import interchange
from deft_core.grasp import GraspParameters


def fill_episode(msg: Any, episode: Episode, config: RunConfig, instruction: str, best: float) -> Any:
    """Fill a deft_msgs/Episode.

    Args:
        msg: To be filled.
        episode: A finished try.
        config: Of its run.
        instruction: What the prior was told.
        best: Best reward so far in its phase.
    """
    interchange.set_stamp(msg.header.stamp, episode.finished_at)
    msg.header.frame_id = interchange.BASE_FRAME
    msg.run_id, msg.run_seed, msg.task, msg.hand = config.run_id, config.seed, config.task, config.hand
    msg.instruction = instruction
    msg.phase, msg.objects, msg.method = episode.phase, episode.objects, episode.method
    msg.index, msg.scene_seed = episode.index, episode.scene_seed
    for field, vector in (("prior", episode.prior), ("executed", episode.executed)):
        interchange.fill_grasp(getattr(msg, field), GraspParameters.from_vector(vector), episode.finished_at)
    source = config.optimizer if episode.phase == "finetune" else episode.method
    interchange.fill_residual(msg.residual, episode.residual, source)
    msg.reward, msg.rater = episode.reward, episode.rater
    msg.success, msg.success_known = bool(episode.success), episode.success is not None
    msg.success_source, msg.fault, msg.best_reward = episode.success_source, episode.fault, best
    msg.duration_s = episode.timings.get("total", 0.0)
    msg.motion_s = episode.timings.get("motion", 0.0)
    msg.overhead_s = episode.timings.get("overhead", 0.0)
    msg.embedding = [float(v) for v in episode.embedding]
    msg.encoder_hash = episode.encoder_hash
    msg.initial_capture_id, msg.final_capture_id = episode.initial_capture_id, episode.final_capture_id
    return msg


def fill_cem_state(
    msg: Any, distribution: Distribution, config: RunConfig, episode: int, best: float, stamp_s: float
) -> Any:
    """Fill a deft_msgs/CemState with the optimiser's distribution after an episode."""
    interchange.set_stamp(msg.header.stamp, stamp_s)
    msg.header.frame_id = interchange.BASE_FRAME
    msg.run_id, msg.optimizer = config.run_id, config.optimizer
    msg.episode, msg.episodes_total, msg.fitted = episode, config.episodes, distribution.fitted
    msg.mean, msg.sigma = np.array(distribution.mean), np.array(distribution.sigma)
    msg.elites = [int(i) for i in distribution.elites]
    msg.elite_rewards = [float(r) for r in distribution.elite_rewards]
    msg.best_reward = best
    return msg


def episode_of(msg: Any) -> Episode:
    """Episode of a deft_msgs/Episode, of ROS 2 or read from a bag.

    Raises:
        ValueError: Grasp parameters or residual that are not finite or not in base_link.
    """
    return Episode(
        phase=msg.phase,
        objects=msg.objects,
        method=msg.method,
        index=int(msg.index),
        scene_seed=int(msg.scene_seed),
        prior=interchange.grasp(msg.prior).vector,
        residual=interchange.residual(msg.residual),
        executed=interchange.grasp(msg.executed).vector,
        reward=float(msg.reward),
        rater=msg.rater,
        success=bool(msg.success) if msg.success_known else None,
        success_source=msg.success_source,
        fault=msg.fault,
        timings={"total": float(msg.duration_s), "motion": float(msg.motion_s), "overhead": float(msg.overhead_s)},
        embedding=np.array(msg.embedding, dtype=np.float32),
        encoder_hash=msg.encoder_hash,
        initial_capture_id=int(msg.initial_capture_id),
        final_capture_id=int(msg.final_capture_id),
        finished_at=interchange.seconds(msg.header.stamp),
    )
