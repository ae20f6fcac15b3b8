"""ros2 action."""
