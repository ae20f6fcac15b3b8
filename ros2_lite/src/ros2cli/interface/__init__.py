"""ros2 interface."""
