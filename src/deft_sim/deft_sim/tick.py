"""The control period, which everything that acts once a tick shares: servos, things that tear, executors."""

TICK_S = 0.004  # the xArm's servo period (250 Hz), seconds of robot time
