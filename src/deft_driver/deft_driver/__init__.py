"""What the drivers of arm and hand have in common: how a motion may end, and the node around a driver."""
