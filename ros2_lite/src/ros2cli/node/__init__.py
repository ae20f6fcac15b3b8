"""ros2 node."""
