"""What a run says on the graph: looks, the grasp before it moves, each finished try, the optimiser, feedback."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sensor_msgs.msg import CameraInfo, Image

from deft_cem.config import RunConfig
from deft_cem.graph_workcell import GraphWorkcell
from deft_cem.listener import Listener, Progress, Trial
from deft_cem.messages import fill_cem_state, fill_episode
from deft_cem.optimizers import Distribution
from deft_cem.store import Episode
from deft_core import interchange
from deft_core.grasp import GraspParameters
from deft_core.observation import Affordance, RGBDFrame
from deft_msgs import action as actions
from deft_msgs import msg as messages

MakePublisher = Callable[[str, Any, int], Any]


class Announcer(Listener):
    """Tells the graph and the goal's client what the loop does.

    Args:
        publisher: Makes a latched publisher that keeps the newest `depth` messages.
        config: Of the run.
        instruction: What the prior is told.
        cell: Is told which try it is in.
        goal: Goal handle of /deft/fine_tune.
    """

    def __init__(
        self, publisher: MakePublisher, config: RunConfig, instruction: str, cell: GraphWorkcell, goal: Any
    ) -> None:
        self._config, self._instruction, self._cell, self._goal = config, instruction, cell, goal
        self._grasp = publisher("/deft/grasp", messages.GraspParameters, 1)
        # A whole run's episodes stay with the publisher, so that a bag or a console that joins late has them all.
        self._episode = publisher("/deft/episode", messages.Episode, 1000)
        self._state = publisher("/deft/cem_state", messages.CemState, 1)
        self._look = publisher("/deft/look", messages.RGBDFrame, 1)
        self._color = publisher("/deft/look/color", Image, 1)
        self._info = publisher("/deft/look/camera_info", CameraInfo, 1)

    def began(self, trial: Trial) -> None:
        """Tell raters which try they will be asked about."""
        self._cell.phase, self._cell.index = trial.phase, trial.index

    def proposed(self, trial: Trial, affordance: Affordance, grasp: GraspParameters) -> None:
        """Publish the grasp before anything moves."""
        self._grasp.publish(interchange.fill_grasp(messages.GraspParameters(), grasp, time.time()))

    def looked(self, frame: RGBDFrame) -> None:
        """Publish a look."""
        msg = interchange.fill_frame(messages.RGBDFrame(), frame)
        self._look.publish(msg)
        self._color.publish(msg.color)
        self._info.publish(msg.camera_info)

    def finished(
        self, episode: Episode, frames: tuple[RGBDFrame, RGBDFrame], distribution: Distribution | None, best: float
    ) -> None:
        """Publish a try that is on disk, and the optimiser's distribution after it."""
        self._publish(episode, best)
        if distribution is not None:
            state = fill_cem_state(
                messages.CemState(), distribution, self._config, episode.index, best, episode.finished_at
            )
            self._state.publish(state)

    def recall(self, episodes: list[Episode]) -> None:
        """Publish the tries of a resumed run again, so that its new bag holds them all."""
        best: dict[str, float] = {}
        for episode in episodes:
            best[episode.phase] = max(best.get(episode.phase, 0.0), episode.reward)
            self._publish(episode, best[episode.phase])

    def relabelled(self, episode: Episode, best: float) -> None:
        """Publish a corrected try again; the newer message counts."""
        self._publish(episode, best)

    def _publish(self, episode: Episode, best: float) -> None:
        self._episode.publish(fill_episode(messages.Episode(), episode, self._config, self._instruction, best))

    def progress(self, progress: Progress) -> None:
        """Feed back to the client of the goal."""
        feedback = actions.FineTune.Feedback(
            phase=progress.phase,
            line=progress.line,
            episode=progress.episode,
            episodes_total=progress.total,
            best_reward=float(progress.best_reward),
            seconds_left=float(progress.seconds_left),
        )
        self._goal.publish_feedback(feedback)
