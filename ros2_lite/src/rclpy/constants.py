"""Numbers used in several places."""

S_TO_NS = 1000 * 1000 * 1000
