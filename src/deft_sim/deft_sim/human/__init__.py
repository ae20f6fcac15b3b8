"""A human-proportioned right hand in MuJoCo, and what it does: grasp an object, lift it, pour.

It knows nothing of the robot: neither its hand, nor its grasps, nor the judge of its episodes. Labels for the prior
and demonstrations come from here.
"""
