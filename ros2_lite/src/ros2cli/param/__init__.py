"""ros2 param."""
