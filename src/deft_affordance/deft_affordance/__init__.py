"""Where and how a person would grasp: the learned prior f(crop, text), its data, and the grasp a robot makes of it."""
