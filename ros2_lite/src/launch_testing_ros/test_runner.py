"""Run launch tests with a ROS graph."""

import launch_testing.test_runner


class LaunchTestRunner(launch_testing.test_runner.LaunchTestRunner):
    """Runs launch tests; nothing needs to be added."""
