"""The action SetROSLogDir."""

from __future__ import annotations

import os
from typing import Any

from launch.frontend import expose_action
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions

from launch import Action, LaunchContext, SomeSubstitutionsType, Substitution


@expose_action("set_ros_log_dir")
class SetROSLogDir(Action):
    """Has nodes write their logs to a folder below the present one."""

    def __init__(self, new_log_dir: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__log_dir = normalize_to_list_of_substitutions(new_log_dir)

    @property
    def log_dir(self) -> list[Substitution]:
        """The folder."""
        return self.__log_dir

    def execute(self, context: LaunchContext) -> None:
        """Set ROS_LOG_DIR."""
        home = os.environ.get("ROS_HOME") or os.path.join("~", ".ros")
        present = os.environ.get("ROS_LOG_DIR") or os.path.expanduser(os.path.join(home, "log"))
        context.environment["ROS_LOG_DIR"] = os.path.join(present, perform_substitutions(context, self.log_dir))
