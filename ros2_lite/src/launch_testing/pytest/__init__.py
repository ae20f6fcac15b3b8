"""Launch tests within pytest."""
