"""rater_node: serves /r3m/rate_episode, /resnet18/rate_episode or /encoder/rate_episode, as its parameter says.

The reward is how much the image after the motion looks like the demonstration's last; success is for others to tell.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.action import ActionServer
from rclpy.node import Node

from deft_cem.raters.embedding import EMBEDDING_RATERS, EmbeddingRater, goal_image, load_encoder
from deft_core import interchange
from deft_core.errors import DeftError
from deft_core.task import load_task
from deft_msgs.action import RateEpisode
from deft_ros.run_node import run_node


class RaterNode(Node):
    """Rates by one encoder; the goal follows the task of each request."""

    def __init__(self) -> None:
        super().__init__("rater_node")
        names = ", ".join(EMBEDDING_RATERS)
        self.declare_parameter("rater", "encoder", ParameterDescriptor(description=f"Which: {names}."))
        self.declare_parameter("checkpoint", "", ParameterDescriptor(description="The encoder's weights."))
        self._name = str(self.get_parameter("rater").value)
        self._encoder = load_encoder(self._name, self.get_parameter("checkpoint").value or None)
        self._raters: dict[str, EmbeddingRater] = {}
        self._server = ActionServer(self, RateEpisode, f"/{self._name}/rate_episode", self._rate)
        self.get_logger().info(f"rater {self._name} ready, weights {self._encoder.hash[:12]}")

    def _rate(self, goal: Any) -> Any:
        asked, result = goal.request, RateEpisode.Result(rater=self._name)
        try:
            if asked.task not in self._raters:
                image = goal_image(load_task(asked.task))
                self._raters[asked.task] = EmbeddingRater(self._name, self._encoder, image)
            frame = interchange.frame(asked.final_frame, np.eye(4))
            rating = self._raters[asked.task].rate(frame)
        except (DeftError, ValueError) as error:
            result.message = str(error)
            goal.abort()
        else:
            result.rated, result.reward = True, rating.reward
            result.message = ", ".join(f"{name} {value:.4f}" for name, value in rating.details.items())
            goal.succeed()
        return result


def main(args: list[str] | None = None) -> int:
    """Run the node; returns the exit status."""
    return run_node(RaterNode, "rater_node", args)


if __name__ == "__main__":
    sys.exit(main())
