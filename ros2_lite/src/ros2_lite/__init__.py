"""ROS 2's Python API over Cyclone DDS; the public names are upstream's (`rclpy`, `launch`, ...), not these.

PYTEST_DONT_REWRITE: imported at start-up, before pytest, which otherwise warns that it came too late.
"""
