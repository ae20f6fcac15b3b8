"""Data for the prior: images of objects before a grasp, labelled with how a human hand then held them."""
