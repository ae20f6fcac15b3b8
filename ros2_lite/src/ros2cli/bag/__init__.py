"""ros2 bag."""
