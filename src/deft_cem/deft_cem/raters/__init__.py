"""Raters that need no person and no twin: how much the final image looks like the demonstration's last."""
