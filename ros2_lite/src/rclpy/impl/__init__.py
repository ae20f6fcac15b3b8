"""Internal parts of rclpy whose names others import."""
