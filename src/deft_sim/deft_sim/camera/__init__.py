"""The twin's eyes: images of a model, and an RGB-D sensor with the errors of a real one."""
