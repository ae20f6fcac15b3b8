"""Launch tests with a ROS graph within pytest."""
