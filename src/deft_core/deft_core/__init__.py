"""The ground floor of DEFT: the words every other room shares. NumPy only, no ROS, no devices, no learning."""
