"""Synthetic human video: a simulated hand grasps cups, filmed and filed as the published data sets are.

It knows nothing of the robot; the builder knows nothing of it but its files.
"""
