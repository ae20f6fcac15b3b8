"""Emulated devices: what the vendors' SDKs talk to when the twin stands in for the lab."""
