"""Synthetic human video: a simulated hand takes things of the tasks' kinds, filed as the published data sets are.

It knows nothing of the robot; the builder knows nothing of it but its files.
"""
