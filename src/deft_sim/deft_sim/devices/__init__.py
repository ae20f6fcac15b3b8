"""Emulated devices: an xArm controller and a Dynamixel bus that the vendors' SDKs cannot tell from real ones."""
