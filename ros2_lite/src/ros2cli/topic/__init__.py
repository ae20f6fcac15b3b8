"""ros2 topic."""
