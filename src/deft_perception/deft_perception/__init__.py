"""Seeing: the RGB-D camera, the objects on the table, and where a pixel is in space."""
