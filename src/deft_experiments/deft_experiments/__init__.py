"""The roof: the paper's numbers on many in-process twins, and the twin against the node graph."""
