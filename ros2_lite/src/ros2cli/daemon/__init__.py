"""ros2 daemon."""
