"""ros2 pkg."""
