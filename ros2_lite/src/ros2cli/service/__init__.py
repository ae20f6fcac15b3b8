"""ros2 service."""
