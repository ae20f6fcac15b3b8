"""What a person at the terminal is asked, and what the answers mean. No ROS in here."""
