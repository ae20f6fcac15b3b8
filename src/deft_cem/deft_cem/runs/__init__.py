"""Looking at finished and unfinished runs: list, show, compare, plot, export."""
