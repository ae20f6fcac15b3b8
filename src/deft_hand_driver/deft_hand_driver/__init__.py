"""The hand's driver: the Dynamixel SDK behind DEFT's action and gate."""
