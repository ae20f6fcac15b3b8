"""ROS 2's Python API over Cyclone DDS; the public names are upstream's (`rclpy`, `launch`, ...), not these."""
